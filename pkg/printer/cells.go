package printer

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// moved shows how many of the providers' workspaces use the present path, as "12/22"; nothing if any is unknown.
func (p *page) moved(providers any) string {
	adoptions := each(providers, "Adoption")
	if len(adoptions) == 0 || slices.Contains(adoptions, any((*v1alpha1.Adoption)(nil))) {
		return ""
	}
	moved, total := sum(each(adoptions, "Adopted")), sum(each(adoptions, "Total"))
	return goodIf(moved >= total).apply(fmt.Sprintf("%d/%d", moved, total), p.Color)
}

// nearer is how many times as near the satellite is as the primary was, the least of several providers.
func (p *page) nearer(providers any) string {
	var least *v1alpha1.Distance
	for _, one := range each(providers, "Distance") {
		if d, _ := one.(*v1alpha1.Distance); d != nil && (least == nil || times(d) < times(least)) {
			least = d
		}
	}
	if least == nil {
		return ""
	}
	return goodIf(muchNearer(least)).apply(fmt.Sprintf("%.1fx", times(least)), p.Color)
}

func times(d *v1alpha1.Distance) float64 {
	return float64(d.PrimaryMicroseconds) / float64(d.SatelliteMicroseconds)
}

func muchNearer(d *v1alpha1.Distance) bool { return times(d) >= v1alpha1.MuchNearer }

// passed counts the checks that passed, of those that applied at all: of a region, or of one of its providers.
func (p *page) passed(results []v1alpha1.CheckResult, provider ...string) string {
	own := slices.DeleteFunc(slices.Clone(results), func(r v1alpha1.CheckResult) bool {
		return r.State == v1alpha1.CheckSkipped || len(provider) > 0 && r.Provider != provider[0]
	})
	passed := number(each(own, "State"), "Pass")
	s := goodIf(passed == len(own))
	if slices.ContainsFunc(own, v1alpha1.CheckResult.Failed) {
		s = bad
	}
	return s.apply(fmt.Sprintf("%d/%d", passed, len(own)), p.Color)
}

// longestGap is the longest time that any way did not answer, in milliseconds.
func longestGap(measured *v1alpha1.Measurements) (longest int64) {
	for _, gap := range each(measured, "Paths", "LongestGapMilliseconds") {
		longest = max(longest, gap.(int64))
	}
	return longest
}

func (p *page) gap(milliseconds int64) string {
	if milliseconds == 0 {
		return good.apply("none", p.Color)
	}
	return notice.apply((time.Duration(milliseconds) * time.Millisecond).String(), p.Color)
}

// took is the time from when the first of the steps began until the last ended.
func took(steps []v1alpha1.StepResult) string {
	var started, finished metav1.Time
	for _, step := range steps {
		if !step.Started.IsZero() && (started.IsZero() || step.Started.Before(&started)) {
			started = step.Started
		}
		if finished.Before(&step.Finished) {
			finished = step.Finished
		}
	}
	return elapsed(started, finished)
}

// way is a connection that was tried.
type way struct {
	Through string
	*v1alpha1.Connection
}

// ways returns the ways that were tried, in the order in which they are shown; one that is empty if none was.
func ways(region v1alpha1.RegionVerification) []way {
	if region.Satellite == nil && region.Primary == nil {
		region.Satellite = &v1alpha1.Connection{}
	}
	all := []way{{"satellite", region.Satellite}, {"primary", region.Primary}, {"direct", region.Direct}}
	return slices.DeleteFunc(all, func(w way) bool { return w.Connection == nil })
}

func failedWays(region v1alpha1.RegionVerification) []way {
	return slices.DeleteFunc(ways(region), func(w way) bool { return w.Message == "" })
}
