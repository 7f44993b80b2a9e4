package printer

import (
	"fmt"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// verification writes how workspaces were reached, a row for each way.
func (h human) verification(p *page, report *v1alpha1.VerifyReport) {
	p.title(primaryLine(report.Primary), plain)
	p.blank()
	p.table(verifyTable(report.Regions), h.wide, "")
	for i := range report.Regions {
		regionVerification(p, &report.Regions[i])
	}
	p.blank()
	p.text("", verifySummary(report))
}

func verifyTable(regions []v1alpha1.RegionVerification) table {
	t := table{columns: []column{
		{title: "REGION"}, {title: "PROVIDER", hidden: !several(regions)}, {title: "WORKSPACE"}, {title: "THROUGH"}, {title: "RESULT"}, {title: "CONNECT"}, {title: "ROUND TRIP"},
		{title: "RANGE", wide: true}, {title: "LOST"},
	}}
	for _, region := range regions {
		switch {
		case region.Satellite == nil && region.Primary != nil: // of a region without a satellite
			t.rows = append(t.rows, connectionRow(region, "primary", region.Primary))
			continue
		case region.Satellite == nil:
			t.rows = append(t.rows, connectionRow(region, "satellite", &v1alpha1.Connection{}))
			continue
		}
		t.rows = append(t.rows, connectionRow(region, "satellite", region.Satellite))
		if region.Primary != nil {
			t.rows = append(t.rows, connectionRow(v1alpha1.RegionVerification{Workspace: region.Workspace}, "primary", region.Primary))
		}
	}
	return t
}

// several reports whether a region has several providers.
func several(regions []v1alpha1.RegionVerification) bool {
	for i := 1; i < len(regions); i++ {
		if regions[i].Name == regions[i-1].Name {
			return true
		}
	}
	return false
}

// connectionRow is the row of one way. The second way of a region leaves its
// name out.
func connectionRow(region v1alpha1.RegionVerification, through string, c *v1alpha1.Connection) []cell {
	result := cell{text: "connected", style: good}
	switch {
	case c.URL == "":
		result = cell{text: "not tried", style: bad}
	case c.Stage != "":
		result = cell{text: "failed: " + c.Stage, style: bad}
	case !c.Connected:
		result = cell{text: "failed", style: bad}
	}
	connected, median, between, lost := "-", "-", "-", "-"
	if c.ConnectMicroseconds > 0 {
		connected = short(c.ConnectMicroseconds)
	}
	if trip := c.RoundTrip; trip != nil {
		lost = fmt.Sprintf("%d/%d", trip.Lost, trip.Sent)
		if trip.Lost < trip.Sent {
			median, between = short(trip.MedianMicroseconds), short(trip.MinMicroseconds)+"-"+short(trip.MaxMicroseconds)
		}
	}
	return []cell{
		{text: region.Name}, {text: region.Provider.Name}, {text: orNone(region.Workspace)}, {text: through}, result,
		{text: connected}, {text: median}, {text: between}, {text: lost},
	}
}

// short shows microseconds with three digits that matter.
func short(microseconds int64) string {
	d := time.Duration(microseconds) * time.Microsecond
	for unit := time.Microsecond; ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
}

// regionVerification tells what went wrong in a region.
func regionVerification(p *page, region *v1alpha1.RegionVerification) {
	type trouble struct{ label, message, hint string }
	var troubles []trouble
	if region.Message != "" {
		troubles = append(troubles, trouble{"error", region.Message, ""})
	}
	for _, way := range []struct {
		name       string
		connection *v1alpha1.Connection
	}{{"satellite", region.Satellite}, {"primary", region.Primary}} {
		if way.connection != nil && way.connection.Message != "" {
			troubles = append(troubles, trouble{way.name, way.connection.Message, way.connection.Hint})
		}
	}
	if len(troubles) == 0 {
		return
	}
	p.blank()
	p.title("Region "+region.Name+", provider "+orNone(region.Provider.Name)+":", strong)
	const width = len("satellite")
	for _, t := range troubles {
		p.entry("  ", t.label, width, bad, t.message)
		if t.hint != "" {
			p.entry("  ", "hint", width, plain, t.hint)
		}
	}
}

// verifySummary says in plain words how it went.
func verifySummary(report *v1alpha1.VerifyReport) string {
	var not []string
	for _, region := range report.Regions {
		if region.Outcome != v1alpha1.OutcomeSucceeded {
			not = append(not, orNone(region.Provider.Name))
		}
	}
	total := len(report.Regions)
	if len(not) > 0 {
		return fmt.Sprintf("%d of %s not reached: %s.", len(not), counted(total, "provider"), strings.Join(not, ", "))
	}
	return fmt.Sprintf("The workspaces of %s were reached, from this machine.", counted(total, "provider"))
}
