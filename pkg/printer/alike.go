package printer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Bounds of what is told of a fleet, unless everything is asked for.
const (
	few  = 3  // so many regions are told of one by one
	many = 40 // of more, only regions that are not well have a row in a table
	tall = 10 // at the most so many rows
	some = 5  // so many names are listed of a long list
)

// full reports whether so many regions are told of one by one.
func (p *page) full(regions int) bool { return p.wide || regions <= few }

// list joins names, and cuts a long list short unless everything is asked for.
func (p *page) list(names []string) string {
	if p.wide || len(names) <= some+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:some], ", "), len(names)-some)
}

// rows returns the regions that have a row in a table.
func rows[T any](p *page, regions []T, well func(T) bool) []T {
	if p.wide || len(regions) <= many {
		return regions
	}
	shown := slices.DeleteFunc(slices.Clone(regions), well)
	return shown[:min(len(shown), tall)]
}

// group is what is alike of some regions, or of some providers of one: the first of them
// stands for all.
type group[T any] struct {
	first T
	where []string // names, each once
	key   string
}

// join adds to the group of that key, or begins it.
func join[T any](groups []*group[T], item T, where, key string) []*group[T] {
	at := slices.IndexFunc(groups, func(g *group[T]) bool { return g.key == key })
	if at < 0 {
		return append(groups, &group[T]{item, distinct(where), key})
	}
	groups[at].where = distinct(append(groups[at].where, where)...)
	return groups
}

// vague leaves out of a text about a region whatever may differ from region to region:
// its name, what is in quotes, host names, addresses, numbers and fingerprints.
func vague(region, text string) string {
	own := regexp.MustCompile(`"[^"]*"|\S*(?:\d|://|\w\.\w+\.\w)\S*|\b` + regexp.QuoteMeta(strings.ToValidUTF8(region, "")) + `\b`)
	return own.ReplaceAllString(text, ellipsis)
}
