//go:build linux

// Package scale measures the plugin on fleets of many regions that are far away: virtual
// ones, which answer what a real region in the lab has answered. Run it with
// `make bench-scale`. Virtual regions have addresses of their own on loopback, which only
// Linux has without further ado.
package scale

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// roundTrip is how far away everything is.
const roundTrip = 100 * time.Millisecond

// sizes are of the fleets that are measured.
func sizes(t *testing.T) []int {
	t.Helper()
	largest, err := strconv.Atoi(cmp.Or(os.Getenv("CODER_SATELLITE_SCALE"), "1000"))
	if err != nil || largest < 1 {
		t.Fatalf("CODER_SATELLITE_SCALE is %q, and no number of regions", os.Getenv("CODER_SATELLITE_SCALE"))
	}
	return slices.Compact([]int{1, min(10, largest), largest})
}

// TestStatus looks at migrated regions, of which all are well: whatever else the answer
// says is false.
func TestStatus(t *testing.T) {
	l, down := labUp(t)
	l.migrate(t)
	recorded := l.record(t, "status")
	down()
	perRegion := map[int]time.Duration{}
	for _, n := range sizes(t) {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			w := build(t, n, l, recorded)
			w.network.Set(roundTrip, 0)
			w.primary.Network().Set(roundTrip, 0)
			for _, cache := range []string{"cold", "warm"} {
				got := w.run(t, "status")
				fmt.Printf("status of %4d regions, %s: %s\n", n, cache, got)
				if got.code != 0 {
					t.Errorf("%s: exit code %d, although all are well:\n%s", cache, got.code, got.output[max(0, len(got.output)-3000):])
				}
				perRegion[n] = got.cpu / time.Duration(n)
			}
		})
	}
	few, many := sizes(t)[1], slices.Max(sizes(t))
	fmt.Printf("CPU per region: %s of %d, %s of %d: ratio %.2f, target 1.20\n",
		perRegion[few], few, perRegion[many], many, float64(perRegion[many])/float64(perRegion[few]))
}
