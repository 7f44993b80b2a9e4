package printer

import (
	"cmp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// checks writes the results of checks, each with its hint and, if it did not
// pass, with where to read more. Where a region has several providers, their names
// are told, and what is found of more than one alike is told once.
func (p *page) checks(results []v1alpha1.CheckResult, several bool) {
	if several {
		names := make([]string, len(results))
		results = slices.Clone(results)
		for i := range results {
			names[i], results[i].Provider = results[i].Provider, ""
		}
		results, names = alike(results, names)
		for i, name := range names {
			if name != "" {
				results[i].Message = name + ": " + results[i].Message
			}
		}
	}
	width := 0
	for _, result := range results {
		width = max(width, min(widthOf(line(result.ID)), 30))
	}
	deeper := strings.Repeat(" ", 2+stateWidth+len(gap))
	for _, result := range results {
		label := pad(truncate(strings.ToUpper(line(string(result.State))), stateWidth), stateWidth)
		label += gap + pad(truncate(line(result.ID), width), width)
		p.hang("  "+checkStyle(result.State).apply(label, p.Color)+gap, len(deeper)+width+len(gap), plain, result.Message)
		if !result.Notable() {
			continue
		}
		if strings.HasPrefix(result.Hint, "kubectl ") {
			p.command(deeper+"try:  ", result.Hint) // a command is not broken
		} else if result.Hint != "" {
			p.text(deeper+"hint: ", result.Hint)
		}
		p.command(deeper+"more: ", pluginName+" explain "+result.ID)
	}
}

// stateWidth is the width of the longest state of a check.
const stateWidth = len("UNKNOWN")

func checkStyle(state v1alpha1.CheckState) style {
	return cmp.Or(map[v1alpha1.CheckState]style{
		v1alpha1.CheckPass: good, v1alpha1.CheckWarn: notice, v1alpha1.CheckUnknown: notice, v1alpha1.CheckSkipped: faint,
	}[state], bad)
}
