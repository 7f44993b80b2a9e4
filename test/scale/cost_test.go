//go:build linux

package scale

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cost is what a run of the plugin used.
type cost struct {
	wall, cpu time.Duration
	// peak is the highest resident memory, in bytes; files is the highest number of open files.
	peak  int64
	files int
	// requests and connections count those to clusters, satellites and envproxies.
	requests, connections int64

	code   int
	output string
}

func (c cost) String() string {
	return fmt.Sprintf("%6.2f s (%.1f round trips), CPU %6.2f s, %4d MiB, %4d files, %5d requests, %4d connections",
		c.wall.Seconds(), float64(c.wall)/float64(roundTrip), c.cpu.Seconds(), c.peak>>20, c.files, c.requests, c.connections)
}

// run runs the plugin in the world.
func (w *world) run(t *testing.T, args ...string) cost {
	t.Helper()
	requests, connections := w.requests.Load(), w.connections.Load()
	command := append([]string{plugin()}, append(args, "-f", filepath.Join(w.dir, "fleet.yaml"))...)
	if w.files > 0 {
		command = append([]string{"bash", "-c", `ulimit -n "$1" && shift && exec "$@"`, "limited", strconv.Itoa(w.files)}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = w.env
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run `make bench-scale`, which builds it", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	most := make(chan held, 1)
	go func() { most <- watch(ctx, cmd.Process.Pid) }()
	_ = cmd.Wait() // the exit code is checked below
	wall := time.Since(began)
	cancel()
	peak := <-most
	w.unknown.Range(func(asked, _ any) bool {
		t.Errorf("a request without a recorded answer: %s", asked)
		return true
	})
	return cost{
		wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak: peak.memory, files: peak.files,
		requests: w.requests.Load() - requests, connections: w.connections.Load() - connections,
		code: cmd.ProcessState.ExitCode(), output: output.String(),
	}
}

// held is the highest usage of a process at any moment.
type held struct {
	memory int64 // in bytes
	files  int
}

// watch samples a process until ctx ends. getrusage would also count the memory of the process
// that started it.
func watch(ctx context.Context, pid int) (most held) {
	process := "/proc/" + strconv.Itoa(pid)
	for {
		if open, err := os.ReadDir(process + "/fd"); err == nil {
			most.files = max(most.files, len(open))
		}
		if status, err := os.ReadFile(process + "/status"); err == nil {
			_, after, _ := strings.Cut(string(status), "VmHWM:")
			var kilobytes int64
			if _, err := fmt.Sscan(after, &kilobytes); err == nil {
				most.memory = max(most.memory, kilobytes<<10)
			}
		}
		select {
		case <-ctx.Done():
			return most
		case <-time.After(10 * time.Millisecond):
		}
	}
}
