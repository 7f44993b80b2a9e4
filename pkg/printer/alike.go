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

// list joins names, and cuts a long list short unless everything is asked for, or what is
// told cannot be asked for again.
func (p *page) list(names []string) string {
	if p.wide || p.once || len(names) <= some+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:some], ", "), len(names)-some)
}

// rows returns the regions that have a row in a table: of many the gravest that are not
// well, which have a gravity above 0.
func rows[T any](p *page, regions []T, gravity func(T) int) []T {
	if p.wide || len(regions) <= many {
		return regions
	}
	shown := slices.DeleteFunc(slices.Clone(regions), func(region T) bool { return gravity(region) == 0 })
	slices.SortStableFunc(shown, func(a, b T) int { return gravity(b) - gravity(a) })
	return shown[:min(len(shown), tall)]
}

// group is what is alike of some regions, or of some providers of one: the first of them
// stands for all.
type group[T any] struct {
	first T
	where []string // names, each once
	key   string
}

// groups are in the order in which they began.
type groups[T any] struct {
	list  []*group[T]
	known map[string]*group[T]
}

// join adds to the group of that key, or begins it.
func (g *groups[T]) join(item T, where, key string) {
	there := g.known[key]
	if there == nil {
		there = &group[T]{first: item, key: key}
		g.list = append(g.list, there)
		if g.known == nil {
			g.known = map[string]*group[T]{}
		}
		g.known[key] = there
	}
	if where != "" && !slices.Contains(there.where, where) {
		there.where = append(there.where, where)
	}
}

// Vague leaves out of a text about a region whatever may differ from region to region:
// its name, also within other words, and all words with numbers or a URL. A short name
// counts as a word alone.
func Vague(region, text string) string {
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
