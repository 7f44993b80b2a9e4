package printer

import (
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// checks writes the results of checks, each with its hint and, if it did not
// pass, with where to read more.
func (p *page) checks(results []v1alpha1.CheckResult, indent string) {
	width := 0
	for _, result := range results {
		width = max(width, min(widthOf(line(result.ID)), 30))
	}
	for _, result := range results {
		label, s := checkLabel(result.State)
		id := pad(truncate(line(result.ID), width), width)
		p.entry(indent, label+gap+id, len("UNKNOWN")+len(gap)+width, s, result.Message)
		if !result.Notable() {
			continue
		}
		deeper := indent + strings.Repeat(" ", len("UNKNOWN")+len(gap))
		if result.Hint != "" {
			p.advice(deeper, result.Hint)
		}
		p.command(deeper+"more: ", pluginName+" explain "+result.ID)
	}
}

// perProvider puts the names of providers before what is found of them, where a
// region has several: what is found of more than one alike is told once.
func perProvider(results []v1alpha1.CheckResult, several bool) []v1alpha1.CheckResult {
	if !several {
		return results
	}
	var told []v1alpha1.CheckResult
	var providers [][]string
	for _, result := range results {
		provider := result.Provider
		result.Provider = ""
		i := slices.Index(told, result)
		if i < 0 {
			i, told, providers = len(told), append(told, result), append(providers, nil)
		}
		if provider != "" {
			providers[i] = append(providers[i], provider)
		}
	}
	for i, names := range providers {
		if len(names) > 0 {
			told[i].Message = strings.Join(names, ", ") + ": " + told[i].Message
		}
	}
	return told
}

// advice writes what to do; a command is not broken.
func (p *page) advice(indent, hint string) {
	if strings.HasPrefix(hint, "kubectl ") {
		p.command(indent+"try:  ", hint)
		return
	}
	p.hanging(indent, "hint: ", hint)
}

func checkLabel(state v1alpha1.CheckState) (string, style) {
	label := pad(truncate(strings.ToUpper(line(string(state))), len("UNKNOWN")), len("UNKNOWN"))
	switch state {
	case v1alpha1.CheckPass:
		return label, good
	case v1alpha1.CheckWarn, v1alpha1.CheckUnknown:
		return label, notice
	case v1alpha1.CheckSkipped:
		return label, faint
	}
	return label, bad
}
