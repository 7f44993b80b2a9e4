package printer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Bounds of what is shown of a fleet without -o wide.
const (
	few  = 3  // the most regions that are each shown in full
	many = 40 // the most regions that each have a row in a table; of more, only unhealthy ones
	tall = 10 // the most rows in the table of such a fleet
	some = 5  // the names shown of a long list
)

func (p *page) full(regions int) bool { return p.wide || regions <= few }

// list joins names. It shortens a long list except with -o wide, and where the command cannot be run again to see more.
func (p *page) list(names []string) string {
	if p.wide || p.once || len(names) <= some+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:some], ", "), len(names)-some)
}

// rows returns the regions that have a row in a table: of many only the gravest of those with a gravity above 0.
func rows[T any](p *page, regions []T, gravity func(T) int) []T {
	if p.wide || len(regions) <= many {
		return regions
	}
	shown := gravest(regions, gravity)
	return shown[:min(len(shown), tall)]
}

// gravest returns the regions with a gravity above 0, in its order.
func gravest[T any](regions []T, gravity func(T) int) []T {
	shown := slices.DeleteFunc(slices.Clone(regions), func(region T) bool { return gravity(region) == 0 })
	slices.SortStableFunc(shown, func(a, b T) int { return gravity(b) - gravity(a) })
	return shown
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

// Join adds to the group of that key, or begins it.
func (g *Groups[T]) Join(item T, region, key string) {
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
