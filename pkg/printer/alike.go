package printer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Bounds of what is shown of a fleet without -o wide.
const (
	few  = 3  // the most regions that are each shown in full
	many = 40 // the most regions that each have a row in a table; of more, only unhealthy ones
	tall = 10 // the most rows in the table of such a fleet
	some = 5  // the names shown of a long list
)

// full reports whether the regions are each shown in full.
func (p *page) full(regions any) bool { return p.wide || len(each(regions)) <= few }

// cutOff reports whether a table shows only the gravest of the regions.
func (p *page) cutOff(regions any) bool { return !p.wide && len(each(regions)) > many }

// list joins names. It shortens a long list except with -o wide, and where the command cannot be run again to see more.
func (p *page) list(items any) string {
	names := texts(items)
	if p.wide || p.once || len(names) <= some+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:some], ", "), len(names)-some)
}

// shown returns the regions that have a row in a table: of many only the gravest.
func (p *page) shown(regions any) []any {
	if !p.cutOff(regions) {
		return each(regions)
	}
	shown := p.gravest(regions)
	return shown[:min(len(shown), tall)]
}

// gravest returns the regions about which there is more to say than their row does, the most urgent first; with
// -o wide, all of them.
func (p *page) gravest(regions any) []any {
	all := each(regions)
	if p.wide {
		return all
	}
	shown := slices.DeleteFunc(all, func(region any) bool { return gravity(region) == 0 })
	slices.SortStableFunc(shown, func(a, b any) int { return gravity(b) - gravity(a) })
	return shown
}

// gravity is 0 for a region whose row says everything, and higher the more urgently somebody must look at it.
func gravity(region any) int {
	switch r := region.(type) {
	case v1alpha1.RegionStatus:
		switch {
		case r.Outcome == v1alpha1.OutcomeSucceeded:
			return 0
		case number(each(r.Checks, "State"), "Fail") > 0:
			return 2
		}
	case v1alpha1.RegionReport:
		switch {
		case number(each(r.Steps, "State"), "UndoFailed") > 0:
			return 4
		case r.Outcome == v1alpha1.OutcomeNotStarted, r.Outcome == v1alpha1.OutcomeUnreachable:
			return 2
		case r.Outcome != v1alpha1.OutcomeSucceeded && r.Outcome != v1alpha1.OutcomeNothingToDo:
			return 3
		case r.Error == "" && len(r.Left) == 0 && len(v1alpha1.Notable(r.Preflight)) == 0 && longestGap(r.Measured) == 0:
			return 0
		}
	}
	return 1
}

// Group is what some regions, or some providers of one, have in common.
type Group[T any] struct {
	First   T        // represents all
	Regions []string // their names, or providers', each once
	Key     string
}

// Groups are in the order in which they began.
type Groups[T any] struct {
	List  []*Group[T]
	known map[string]*Group[T]
}

// Join adds to the group of that key, or begins it. It returns nothing to show, as templates need.
func (g *Groups[T]) Join(item T, region, key string) string {
	if g.known == nil {
		g.known = map[string]*Group[T]{}
	}
	there := g.known[key]
	if there == nil {
		there = &Group[T]{First: item, Key: key}
		g.known[key], g.List = there, append(g.List, there)
	}
	if !slices.Contains(there.Regions, region) {
		there.Regions = append(there.Regions, region)
	}
	return ""
}

// place names a region and, if it has several, the provider that something is about. Either may be empty.
func place(region, provider string, several bool) string {
	if !several || provider == "" {
		return region
	}
	return strings.TrimPrefix(region+"/"+provider, "/")
}

// Vague leaves out of a text what may differ between regions: the region's name, also within other words unless it is
// short, quotations, and all words with numbers or a URL.
func Vague(region, text string) string {
	text = regexp.MustCompile(`"[^"]*"`).ReplaceAllString(text, ellipsis)
	if len(region) > 2 {
		text = strings.ReplaceAll(text, region, ellipsis)
	} else if region != "" {
		text = regexp.MustCompile(`\b`+regexp.QuoteMeta(region)+`\b`).ReplaceAllString(text, ellipsis)
	}
	words := strings.Fields(text)
	for i, word := range words {
		if strings.ContainsAny(word, "0123456789") || strings.Contains(word, "://") {
			words[i] = ellipsis
		}
	}
	return strings.Join(words, " ")
}
