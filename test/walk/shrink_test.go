package walk

import (
	"context"
	"slices"
)

// shrink looks for a shorter walk with the same violation: it cuts the walk after the violation,
// and then tries to leave out each step, with at most so many repeated walks.
func (w *walker) shrink(ctx context.Context, walk []step, wanted violation, at, times int) []step {
	counted := w.actions
	defer func() { w.actions = counted }() // repeated walks do not count
	again := func(steps []step) bool {
		if times--; times < 0 {
			return false
		}
		w.actions = map[string]int{}
		violations, _, err := w.walk(ctx, steps)
		return err == nil && slices.ContainsFunc(violations, func(v violation) bool { return v.kind == wanted.kind })
	}
	shortest := walk[:min(at+1, len(walk))]
	for i := len(shortest) - 2; i >= 0 && times > 0; i-- {
		if without := slices.Delete(slices.Clone(shortest), i, i+1); again(without) {
			shortest = without
		}
	}
	return shortest
}
