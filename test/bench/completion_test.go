//go:build unix

package bench

import (
	"fmt"
	"os"
	"testing"
)

// TestCompletion compares the cost of pressing Tab, without requests to a primary, with that of
// helm.
func TestCompletion(t *testing.T) {
	const rounds = 21
	lists := [][]command{
		{{[]string{program(t, "kubectl-coder_satellite"), "__complete", "plan", "-o", ""}, os.Environ()}},
		{{[]string{program(t, "helm"), "__complete", "list", "-o", ""}, os.Environ()}},
	}
	inTurn(t, 3, lists...) // warms the page cache
	costs := inTurn(t, rounds, lists...)
	fmt.Printf("\nCompletion without the primary, the median of %d runs each:\n", rounds)
	fmt.Printf("  %-32s %6.1f ms\n", "kubectl-coder_satellite", milliseconds(costs[0].wall))
	fmt.Printf("  %-32s %6.1f ms\n", "helm", milliseconds(costs[1].wall))
	ratio(t, "time", float64(costs[0].wall), float64(costs[1].wall), 1)
}
