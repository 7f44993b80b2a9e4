// Package walk walks at random through what an operator and the world may do to
// a region, and looks after every step for something that must not be. A walk is
// drawn whole from its seed: CODER_SATELLITE_WALK=SEED walks it again.
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

// plan is what is walked.
type plan struct {
	// walkers walk side by side, each in a lab of its own.
	walkers []walkers
	// count is how many steps a walk has, longest how many seconds something lasts.
	count, longest int
	// shrinks are how often a failed walk is walked again to find the shortest.
	shrinks int
}

// walkers share seeds in regions of one shape.
type walkers struct {
	shape
	seeds chan uint64
}

// sample is what `make test` walks.
const sample = "1 2 3 4 spread:5 spread:6 shared:7 builtin:8 flux:9 flux:10"

// TestWalk walks a fixed set of seeds, or some (CODER_SATELLITE_WALK="SEED SHAPE:SEED"), or for as
// long as it is told (CODER_SATELLITE_WALK_FOR=60m), in CODER_SATELLITE_WALK_REGIONS regions.
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

// these walks the seeds that a text names, those of each shape in a lab of its own.
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

// Long walks have more steps, and what lasts may last longer; their seeds are
// printed with an L.
const (
	longWalk  = 14
	longLapse = 60
)

// lasting draws seeds until the time is up, counting from the present second. The
// regions have the shapes in turn.
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

// name is how a seed of this plan is given again.
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

// work walks seeds in a lab of its own until there are no more.
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

// tell says what was violated, how to see it again, and the shortest way there.
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

// tally is what was tried, and what was violated.
type tally struct {
	mu         sync.Mutex
	walks      int
	actions    map[string]int
	violations map[string][]string
}

// add adds a walker's counts, and lets it count anew.
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
