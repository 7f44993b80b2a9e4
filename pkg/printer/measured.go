package printer

import (
	"fmt"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// gapCell is the longest time that any way did not answer.
func gapCell(measured *v1alpha1.Measurements) cell {
	if measured == nil {
		return cell{text: "-"}
	}
	var longest int64
	for _, path := range measured.Paths {
		longest = max(longest, path.LongestGapMilliseconds)
	}
	return gapOf(longest)
}

func gapOf(milliseconds int64) cell {
	if milliseconds == 0 {
		return cell{"none", good}
	}
	return cell{(time.Duration(milliseconds) * time.Millisecond).String(), notice}
}

// nearerCell is how many times as near the satellite is as the primary was, the least of several providers.
func nearerCell(distances ...*v1alpha1.Distance) cell {
	var least *v1alpha1.Distance
	for _, d := range distances {
		if d != nil && (least == nil || nearer(d) < nearer(least)) {
			least = d
		}
	}
	if least == nil {
		return cell{text: "-"}
	}
	return cell{fmt.Sprintf("%.1fx", nearer(least)), goodIf(nearer(least) >= v1alpha1.MuchNearer)}
}

func nearer(d *v1alpha1.Distance) float64 {
	return float64(d.PrimaryMicroseconds) / float64(d.SatelliteMicroseconds)
}

func distanceLine(d *v1alpha1.Distance) string {
	if d == nil {
		return ""
	}
	text := fmt.Sprintf("from %s: %s to the primary before, %s to the satellite now, %.1f times as near",
		orNone(d.From), Microseconds(d.PrimaryMicroseconds), Microseconds(d.SatelliteMicroseconds), nearer(d))
	if nearer(d) < v1alpha1.MuchNearer {
		text += "; no better from there: that machine is not in the region, or the satellite is not near it"
	}
	return text
}

// measured writes how each way answered: with -o wide, or if one did not.
func (p *page) measured(measured *v1alpha1.Measurements) {
	if measured == nil || !p.wide && gapCell(measured).style != notice {
		return
	}
	t := newTable("PATH", "ASKED", "FAILED", "LONGEST GAP", "BEFORE", "DURING", "AFTER", "URL+")
	for _, path := range measured.Paths {
		name := path.Path
		if path.Provider != "" {
			name += " of " + path.Provider
		}
		t.add(name, path.Probes, path.Failures, gapOf(path.LongestGapMilliseconds),
			answersIn(path.Before), answersIn(path.During), answersIn(path.After), path.URL)
	}
	p.text("  ", fmt.Sprintf("What users' clients felt, asked from %s (median/p95):", orNone(measured.From)))
	p.table(t, "  ")
}

func answersIn(l *v1alpha1.Latency) string {
	if l == nil {
		return "-"
	}
	return Microseconds(l.MedianMicroseconds) + "/" + Microseconds(l.P95Microseconds)
}
