// Package walk performs random walks: sequences of what an operator and the world may do to a
// region. After every step it checks that nothing forbidden has happened. A seed determines the
// whole walk: CODER_SATELLITE_WALK=SEED repeats it.
package walk

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// plan says which walks to do.
type plan struct {
	// walkers run in parallel, each in its own lab.
	walkers []walkers
	// count is the number of steps of a walk, longest the longest duration of a disturbance in
	// seconds.
	count, longest int
	// shrinks is how often a failed walk is repeated to find a shorter one.
	shrinks int
}

// walkers share the seeds of regions with one shape.
type walkers struct {
	shape
	seeds chan uint64
}

// sample has the walks of `make test`.
const sample = "1 2 3 4 spread:5 spread:6 shared:7 builtin:8 flux:9 flux:10"

// TestWalk walks a fixed set of seeds, given ones (CODER_SATELLITE_WALK="SEED SHAPE:SEED"), or
// new ones for a time (CODER_SATELLITE_WALK_FOR=60m) in CODER_SATELLITE_WALK_REGIONS regions.
func TestWalk(t *testing.T) {
	p, err := planned(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var result tally
	var walking sync.WaitGroup
	for _, one := range p.walkers {
		walking.Go(func() {
			if err := p.work(t, one, &result); err != nil {
				t.Error(err)
			}
		})
	}
	walking.Wait()
	fmt.Println(result.String())
}

// planned reads the plan from the environment.
func planned(ctx context.Context) (plan, error) {
	p := plan{count: 8, longest: 4, shrinks: 6}
	regions := 3
	number := func(name string, into *int) error {
		text := os.Getenv(name)
		if text == "" {
			return nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fmt.Errorf("%s=%q is no number", name, text)
		}
		*into = n
		return nil
	}
	if err := number("CODER_SATELLITE_WALK_REGIONS", &regions); err != nil {
		return p, err
	}
	if err := number("CODER_SATELLITE_WALK_SHRINKS", &p.shrinks); err != nil {
		return p, err
	}
	given, lasting := os.Getenv("CODER_SATELLITE_WALK"), os.Getenv("CODER_SATELLITE_WALK_FOR")
	switch {
	case given != "":
		return p.these(given)
	case lasting != "":
		return p.lasting(ctx, lasting, regions)
	default:
		return p.these(sample)
	}
}

// these returns the walks for the seeds in a text, with one lab for each shape.
func (p plan) these(text string) (plan, error) {
	words := strings.Fields(text)
	seeds := map[string]chan uint64{}
	for _, word := range words {
		name, number, ok := strings.Cut(word, ":")
		if !ok {
			name, number = shapes()[0].name, word
		}
		in, err := shapeOf(name)
		if err != nil {
			return p, fmt.Errorf("CODER_SATELLITE_WALK: %w", err)
		}
		long := strings.HasSuffix(number, "L")
		seed, err := strconv.ParseUint(strings.TrimSuffix(number, "L"), 10, 64)
		if err != nil {
			return p, fmt.Errorf("CODER_SATELLITE_WALK: %q is no seed", word)
		}
		if long {
			p.count, p.longest = longWalk, longLapse
		}
		if seeds[name] == nil {
			seeds[name] = make(chan uint64, len(words))
			p.walkers = append(p.walkers, walkers{in, seeds[name]})
		}
		seeds[name] <- seed
	}
	for _, one := range seeds {
		close(one)
	}
	return p, nil
}

// Long walks have more steps and longer disturbances. Their seeds are printed with an L.
const (
	longWalk  = 14
	longLapse = 60
)

// lasting draws seeds until the time is up, starting from the current second. The shapes are
// distributed evenly over the regions.
func (p plan) lasting(ctx context.Context, text string, regions int) (plan, error) {
	long, err := time.ParseDuration(text)
	if err != nil {
		return p, fmt.Errorf("CODER_SATELLITE_WALK_FOR: %w", err)
	}
	p.count, p.longest = longWalk, longLapse
	seeds := make(chan uint64)
	until := time.Now().Add(long)
	go func() {
		defer close(seeds)
		for seed := uint64(until.Unix()); time.Now().Before(until); seed++ {
			select {
			case seeds <- seed:
			case <-ctx.Done():
				return
			}
		}
	}()
	for i := range regions {
		p.walkers = append(p.walkers, walkers{shapes()[i%len(shapes())], seeds})
	}
	return p, nil
}

// name is the text that selects a seed of this plan.
func (p plan) name(in shape, seed uint64) string {
	text := strconv.FormatUint(seed, 10)
	if in.name != shapes()[0].name {
		text = in.name + ":" + text
	}
	if p.count == longWalk {
		text += "L"
	}
	return text
}

// work walks the seeds in its own lab until there are none left.
func (p plan) work(t *testing.T, in walkers, result *tally) error {
	ctx := t.Context()
	w, err := newWalker(ctx, in.shape)
	if err != nil {
		return err
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	for seed := range in.seeds {
		name := p.name(in.shape, seed)
		walk := steps(seed, p.count, p.longest, in.shape)
		started := time.Now()
		violations, at, err := w.walk(ctx, walk)
		if err != nil {
			return fmt.Errorf("seed %s, at step %d: %w\n%s", name, at+1, err, strings.Join(w.diary, "\n"))
		}
		fmt.Printf("seed %s: %d steps in %s, violations: %d\n", name, len(w.diary), time.Since(started).Round(time.Second), len(violations))
		if len(violations) > 0 {
			diary := w.diary
			shortest := w.shrink(ctx, walk, violations[0], at, p.shrinks)
			t.Error(tell(name, violations, diary, shortest))
			result.violated(violations[0].kind, name)
		}
		result.add(w)
	}
	return nil
}

// tell describes the violations, how to repeat the walk, and the shortest walk that was found.
func tell(seed string, violations []violation, diary []string, shortest []step) string {
	var text strings.Builder
	fmt.Fprintf(&text, "seed %s\n", seed)
	for _, v := range violations {
		fmt.Fprintf(&text, "VIOLATED %s: %s\n", v.kind, v.text)
	}
	fmt.Fprintf(&text, "what was done:\n  %s\n", strings.Join(diary, "\n  "))
	if shortest != nil {
		fmt.Fprintln(&text, "the shortest way there that was found:")
		for _, s := range shortest {
			fmt.Fprintf(&text, "  %s\n", s)
		}
	}
	fmt.Fprintf(&text, "again: CODER_SATELLITE_WALK=%s go test -count=1 -v ./test/walk", seed)
	return text.String()
}

// tally counts what was tried, and collects the violations.
type tally struct {
	mu         sync.Mutex
	walks      int
	actions    map[string]int
	violations map[string][]string
}

// add adds a walker's counts, and resets them.
func (r *tally) add(w *walker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.walks++
	if r.actions == nil {
		r.actions = map[string]int{}
	}
	for action, n := range w.actions {
		r.actions[action] += n
	}
	w.actions = map[string]int{}
}

func (r *tally) violated(kind, seed string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.violations == nil {
		r.violations = map[string][]string{}
	}
	r.violations[kind] = append(r.violations[kind], seed)
}

// String is the summary.
func (r *tally) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text strings.Builder
	total, violations := 0, 0
	for _, action := range slices.Sorted(maps.Keys(r.actions)) {
		fmt.Fprintf(&text, "%6d  %s\n", r.actions[action], action)
		total += r.actions[action]
	}
	for _, kind := range slices.Sorted(maps.Keys(r.violations)) {
		fmt.Fprintf(&text, "VIOLATED %s: seeds %s\n", kind, strings.Join(r.violations[kind], " "))
		violations += len(r.violations[kind])
	}
	fmt.Fprintf(&text, "walks: %d, actions: %d, violations: %d", r.walks, total, violations)
	return text.String()
}
