//go:build linux

// Package scale measures the plugin on fleets of distant regions: status and plan on many virtual
// regions, which repeat the recorded answers of a real region in the lab, and migrate on a few
// real ones. Run it with `make bench-scale`. Virtual regions have their own addresses on
// loopback, which only Linux offers without configuration.
package scale

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
)

// roundTrip is the distance to every server.
const roundTrip = 100 * time.Millisecond

// number is the value of an environment variable, 1 or more.
func number(t *testing.T, name, otherwise string) int {
	t.Helper()
	value, err := strconv.Atoi(cmp.Or(os.Getenv(name), otherwise))
	if err != nil || value < 1 {
		t.Fatalf("%s is %q: it must be a number, 1 or more", name, os.Getenv(name))
	}
	return value
}

// sizes are the sizes of the measured fleets.
func sizes(t *testing.T) []int {
	t.Helper()
	largest := number(t, "CODER_SATELLITE_SCALE", "1000")
	return slices.Compact([]int{1, min(10, largest), largest})
}

// TestStatus examines migrated regions, all of them healthy, so any other result is an error.
func TestStatus(t *testing.T) {
	l, down := labUp(t)
	l.migrate(t)
	recorded := l.record(t, "status")
	down()
	measure(t, l, recorded, "status", func(t *testing.T, w *world, n int) {
		for range number(t, "CODER_SATELLITE_SCALE_RUNS", "1") {
			fmt.Printf("status of %4d regions, beside busy loops: %s\n", n, beside(t, func() cost { return w.well(t, "status") }))
		}
		w.files = 256
		fmt.Printf("status of %4d regions, %d open files allowed: %s\n", n, w.files, w.well(t, "status"))
	})
}

// TestPlan plans regions that are not migrated yet.
func TestPlan(t *testing.T) {
	l, down := labUp(t)
	recorded := l.record(t, "plan")
	down()
	measure(t, l, recorded, "plan", func(*testing.T, *world, int) {})
}

// measure runs a verb on fleets of all sizes, and more on the largest one.
func measure(t *testing.T, l *lab, recorded *recording, verb string, more func(t *testing.T, w *world, n int)) {
	perRegion := map[int]time.Duration{}
	for _, n := range sizes(t) {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			w := build(t, n, l, recorded)
			w.network.Set(roundTrip, 0)
			w.primary.Network().Set(roundTrip, 0)
			for _, cache := range []string{"cold", "warm"} {
				got := w.well(t, verb)
				fmt.Printf("%s of %4d regions, %s: %s\n", verb, n, cache, got)
				perRegion[n] = got.cpu / time.Duration(n)
			}
			if n == slices.Max(sizes(t)) {
				more(t, w, n)
			}
		})
	}
	few, many := min(10, slices.Max(sizes(t))), slices.Max(sizes(t))
	fmt.Printf("%s: CPU per region: %s of %d, %s of %d: ratio %.2f, target 1.20\n",
		verb, perRegion[few], few, perRegion[many], many, float64(perRegion[many])/float64(perRegion[few]))
}

// well runs a verb on a fleet in which everything is healthy.
func (w *world) well(t *testing.T, verb string) cost {
	t.Helper()
	got := w.run(t, verb)
	if got.code != 0 {
		t.Errorf("exit code %d, although all regions are healthy:\n%s", got.code, got.output[max(0, len(got.output)-3000):])
	}
	for _, found := range regexp.MustCompile(`(?m)^  (?:FAIL|UNKNOWN|WARN) +(\S+).*`).FindAllStringSubmatch(got.output, -1) {
		if found[1] != "certificate-names" { // all regions serve the recorded region's certificate
			t.Errorf("although all regions are healthy: %s", found[0])
		}
	}
	return got
}

// beside runs f while all processors are busy.
func beside(t *testing.T, f func() cost) cost {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range runtime.NumCPU() {
		go func() {
			for ctx.Err() == nil { // keeps a processor busy
			}
		}()
	}
	return f()
}
