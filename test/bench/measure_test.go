//go:build unix

package bench

import (
	"bytes"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// command is one command line with its environment.
type command struct {
	args []string
	env  []string
}

// cost is what running something used.
type cost struct {
	wall, cpu time.Duration
	// peak is the highest resident memory, in bytes.
	peak int64
}

// run runs a command, and fails the test if the command fails.
func run(t *testing.T, c command) cost {
	t.Helper()
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Env = c.env
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	started := time.Now()
	err := cmd.Run()
	wall := time.Since(started)
	if err != nil {
		t.Fatalf("%q: %v\n%s", c.args, err, output.Bytes())
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatalf("%q: the system reports no resource usage", c.args)
	}
	unit := int64(1024)
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return cost{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss * unit}
}

// inTurn runs the lists of commands alternately, so that other load on the machine affects all of
// them. It returns the median cost of each list: the sum of times, and the highest peak.
func inTurn(t *testing.T, rounds int, lists ...[]command) []cost {
	t.Helper()
	costs := make([][]cost, len(lists))
	for range rounds {
		for i, list := range lists {
			var sum cost
			for _, c := range list {
				one := run(t, c)
				sum.wall += one.wall
				sum.cpu += one.cpu
				sum.peak = max(sum.peak, one.peak)
			}
			costs[i] = append(costs[i], sum)
		}
	}
	medians := make([]cost, len(lists))
	for i, list := range costs {
		medians[i] = cost{
			median(list, func(c cost) time.Duration { return c.wall }),
			median(list, func(c cost) time.Duration { return c.cpu }),
			median(list, func(c cost) int64 { return c.peak }),
		}
	}
	return medians
}

func median[T int64 | time.Duration](list []cost, of func(cost) T) T {
	values := make([]T, len(list))
	for i, c := range list {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
