package printer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func (p *page) verification(report *v1alpha1.VerifyReport) {
	p.overview(primaryLine(report.Primary), verifyTable(report.Regions))
	for i := range report.Regions {
		p.regionVerification(&report.Regions[i])
	}
	p.summary(verifySummary(report))
}

func verifyTable(regions []v1alpha1.RegionVerification) table {
	same := func(a, b v1alpha1.RegionVerification) bool { return a.Name == b.Name }
	several := len(slices.CompactFunc(slices.Clone(regions), same)) < len(regions)
	t := newTable("REGION", "PROVIDER?", "WORKSPACE", "THROUGH", "RESULT", "CONNECT", "P50", "P95", "JITTER", "LOST")
	for _, region := range regions {
		region.Provider.Name = ofSeveral(several, region.Provider.Name)
		if region.Satellite == nil && region.Primary == nil {
			region.Satellite = &v1alpha1.Connection{} // not tried
		}
		for _, way := range waysOf(&region) {
			addConnection(&t, region, way.name, way.Connection)
			region.Name, region.Provider.Name = "", "" // the further ways leave them out
		}
	}
	return t
}

type way struct {
	name string
	*v1alpha1.Connection
}

// waysOf returns the ways that were tried, in the order in which they are shown.
func waysOf(region *v1alpha1.RegionVerification) []way {
	all := []way{{"satellite", region.Satellite}, {"primary", region.Primary}, {"direct", region.Direct}}
	return slices.DeleteFunc(all, func(w way) bool { return w.Connection == nil })
}

func addConnection(t *table, region v1alpha1.RegionVerification, through string, c *v1alpha1.Connection) {
	result := cell{"connected", good}
	switch {
	case c.URL == "":
		result = cell{"not tried", bad}
	case c.Stage != "":
		result = cell{"failed: " + c.Stage, bad}
	case !c.Connected:
		result = cell{"failed", bad}
	case through == "direct": // the others are relayed, whatever the addresses
		result.text = "connected: " + orNone(c.Chosen)
	}
	connected, median, p95, jitter, lost := "-", "-", "-", "-", "-"
	if c.ConnectMicroseconds > 0 {
		connected = Microseconds(c.ConnectMicroseconds)
	}
	if trip := c.RoundTrip; trip != nil {
		lost = fmt.Sprintf("%d/%d", trip.Lost, trip.Sent)
		if trip.Lost < trip.Sent {
			median, p95, jitter = Microseconds(trip.MedianMicroseconds), Microseconds(trip.P95Microseconds), Microseconds(trip.JitterMicroseconds)
		}
	}
	t.add(region.Name, region.Provider.Name, orNone(region.Workspace), through, result, connected, median, p95, jitter, lost)
}

// Microseconds shows a time with three significant digits.
func Microseconds(microseconds int64) string {
	d := time.Duration(microseconds) * time.Microsecond
	for unit := time.Microsecond; ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
}

func (p *page) regionVerification(region *v1alpha1.RegionVerification) {
	failed := slices.DeleteFunc(waysOf(region), func(w way) bool { return w.Message == "" })
	if region.Comparison == "" && region.Message == "" && len(failed) == 0 {
		return
	}
	p.blank()
	p.title("Region "+region.Name+", provider "+orNone(region.Provider.Name)+":", strong)
	entry := p.entries(len("satellite"))
	entry("compared", plain, region.Comparison)
	entry("error", bad, region.Message)
	for _, way := range failed {
		entry(way.name, bad, way.Message)
		entry("hint", plain, way.Hint)
	}
}

func verifySummary(report *v1alpha1.VerifyReport) string {
	var not []string
	for _, region := range report.Regions {
		if region.Outcome != v1alpha1.OutcomeSucceeded {
			not = append(not, orNone(region.Provider.Name))
		}
	}
	total := counted(len(report.Regions), "provider")
	if len(not) > 0 {
		return fmt.Sprintf("%d of %s not reached: %s.", len(not), total, strings.Join(not, ", "))
	}
	return fmt.Sprintf("The workspaces of %s were reached, from this machine.", total)
}
