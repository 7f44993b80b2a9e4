package printer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Bounds of what is shown of a fleet, unless everything is asked for.
const (
	few  = 3  // the most regions that are each shown in full
	many = 40 // the most regions that each have a row in a table; of more, only unhealthy ones
	tall = 10 // the most rows in the table of such a fleet
	some = 5  // the names shown of a long list
)

func (p *page) full(regions int) bool { return p.wide || regions <= few }

// list joins names. It cuts a long list short unless everything is asked for, or the
// command cannot be run again only to see more.
func (p *page) list(names []string) string {
	if p.wide || p.once || len(names) <= some+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:some], ", "), len(names)-some)
}

// rows returns the regions that have a row in a table: of many only the gravest of those
// with a gravity above 0.
func rows[T any](p *page, regions []T, gravity func(T) int) []T {
	if p.wide || len(regions) <= many {
		return regions
	}
	shown := slices.DeleteFunc(slices.Clone(regions), func(region T) bool { return gravity(region) == 0 })
	slices.SortStableFunc(shown, func(a, b T) int { return gravity(b) - gravity(a) })
	return shown[:min(len(shown), tall)]
}

// group is what some regions, or some providers of one, have in common; the first of them
// represents all.
type group[T any] struct {
	first T
	where []string // names, without repetition
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
// its name, also within other words, what is quoted, and all words with numbers or a URL. A
// short name counts as a word alone.
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
