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
	seeds chan uint64
	// walkers are how many walk side by side, each in a lab of its own.
	walkers int
	// count is how many steps a walk has, longest how many seconds something lasts.
	count, longest int
	// shrinks are how often a failed walk is walked again to find the shortest.
	shrinks int
}

// TestWalk walks a fixed set of seeds, or one (CODER_SATELLITE_WALK), or for as
// long as it is told (CODER_SATELLITE_WALK_FOR=60m), in CODER_SATELLITE_WALK_REGIONS regions.
func TestWalk(t *testing.T) {
	p, err := planned(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var result tally
	var walking sync.WaitGroup
	for range p.walkers {
		walking.Go(func() {
			if err := p.work(t, &result); err != nil {
				t.Error(err)
			}
		})
	}
	walking.Wait()
	fmt.Println(result.String())
}

// planned reads the plan from the environment.
func planned(ctx context.Context) (plan, error) {
	p := plan{walkers: 2, count: 8, longest: 4, shrinks: 6}
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
	if err := number("CODER_SATELLITE_WALK_REGIONS", &p.walkers); err != nil {
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
		return p.lasting(ctx, lasting)
	default:
		return p.these("1 2 3 4 5 6")
	}
}

// these walks the seeds that a text names.
func (p plan) these(text string) (plan, error) {
	words := strings.Fields(text)
	p.seeds = make(chan uint64, len(words))
	for _, word := range words {
		long := strings.HasSuffix(word, "L")
		seed, err := strconv.ParseUint(strings.TrimSuffix(word, "L"), 10, 64)
		if err != nil {
			return p, fmt.Errorf("CODER_SATELLITE_WALK: %q is no seed", word)
		}
		if long {
			p.count, p.longest = longWalk, longLapse
		}
		p.seeds <- seed
	}
	close(p.seeds)
	p.walkers = min(p.walkers, len(words))
	return p, nil
}

// Long walks have more steps, and what lasts may last longer; their seeds are
// printed with an L.
const (
	longWalk  = 14
	longLapse = 60
)

// lasting draws seeds until the time is up, counting from the present second.
func (p plan) lasting(ctx context.Context, text string) (plan, error) {
	long, err := time.ParseDuration(text)
	if err != nil {
		return p, fmt.Errorf("CODER_SATELLITE_WALK_FOR: %w", err)
	}
	p.count, p.longest = longWalk, longLapse
	p.seeds = make(chan uint64)
	until := time.Now().Add(long)
	go func() {
		defer close(p.seeds)
		for seed := uint64(until.Unix()); time.Now().Before(until); seed++ {
			select {
			case p.seeds <- seed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return p, nil
}

// name is how a seed of this plan is given again.
func (p plan) name(seed uint64) string {
	if p.count == longWalk {
		return fmt.Sprintf("%dL", seed)
	}
	return strconv.FormatUint(seed, 10)
}

// work walks seeds in a lab of its own until there are no more.
func (p plan) work(t *testing.T, result *tally) error {
	ctx := t.Context()
	w, err := newWalker(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	for seed := range p.seeds {
		walk := steps(seed, p.count, p.longest)
		started := time.Now()
		violations, at, err := w.walk(ctx, walk)
		if err != nil {
			return fmt.Errorf("seed %s, at step %d: %w\n%s", p.name(seed), at+1, err, strings.Join(w.diary, "\n"))
		}
		fmt.Printf("seed %s: %d steps in %s, violations: %d\n", p.name(seed), len(w.diary), time.Since(started).Round(time.Second), len(violations))
		if len(violations) > 0 {
			diary := w.diary
			shortest := w.shrink(ctx, walk, violations[0], at, p.shrinks)
			t.Error(p.tell(seed, violations, diary, shortest))
			result.violated(violations[0].kind, p.name(seed))
		}
		result.add(w)
	}
	return nil
}

// tell says what was violated, how to see it again, and the shortest way there.
func (p plan) tell(seed uint64, violations []violation, diary []string, shortest []step) string {
	var text strings.Builder
	fmt.Fprintf(&text, "seed %s\n", p.name(seed))
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
	fmt.Fprintf(&text, "again: CODER_SATELLITE_WALK=%s go test -count=1 -v ./test/walk", p.name(seed))
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
