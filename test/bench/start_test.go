//go:build unix

package bench

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestStart compares the start-up of processes that do almost nothing.
func TestStart(t *testing.T) {
	const rounds = 41
	names := []string{"kubectl-coder_satellite", "helm"}
	var lists [][]command
	for _, name := range names {
		lists = append(lists, []command{{[]string{program(t, name), "version"}, os.Environ()}})
	}
	inTurn(t, 3, lists...) // warms the page cache
	costs := inTurn(t, rounds, lists...)
	if low := floor(t); costs[0].peak <= low || costs[1].peak <= low {
		t.Fatalf("a program's peak memory is not above this process's own, %d MiB", low>>20)
	}
	fmt.Printf("\nCold start, the median of %d runs each:\n", rounds)
	for i, name := range names {
		fmt.Printf("  %-32s %6.1f ms, CPU %6.1f ms, peak memory %5.1f MiB\n", name+" version",
			milliseconds(costs[i].wall), milliseconds(costs[i].cpu), float64(costs[i].peak)/(1<<20))
	}
	ratio(t, "time", float64(costs[0].wall), float64(costs[1].wall), 1)
	ratio(t, "CPU time", float64(costs[0].cpu), float64(costs[1].cpu), 1)
	ratio(t, "peak memory", float64(costs[0].peak), float64(costs[1].peak), 1)
}

// floor is the lowest peak memory that can be measured. A process starts with the memory of its
// parent, and the system counts that, so this package has few imports.
func floor(t *testing.T) int64 {
	return run(t, command{[]string{"true"}, nil}).peak
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
