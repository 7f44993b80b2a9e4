package printer

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Functions returns functions for templates that show documents, by their names in a template: for lists, numbers of
// things, and fields of a document's parts.
func Functions() map[string]any {
	return map[string]any{
		"list": func(items ...any) []any { return items }, "push": func(list []any, items ...any) []any { return append(slices.Clip(list), items...) },
		"each": each, "has": slices.Contains[[]string], "distinct": distinct, "sum": sum, "number": number, "counted": counted, "counts": counts,
		"add": func(a, b int) int { return a + b }, "sub": func(a, b int) int { return a - b }, "prefix": strings.HasPrefix,
		"join": func(items any, separator string) string { return strings.Join(texts(items), separator) },
	}
}

// functions are what forms use. Without a result to show, a function returns "".
func (p *page) functions() map[string]any {
	in := func(s style) func(string) string { return func(text string) string { return s.apply(text, p.Color) } }
	tinted := func(state any, text string) string { return styleOf(state).apply(text, p.Color) }
	all := map[string]any{
		"wide": func() bool { return p.wide }, "ahead": func() bool { return p.Ahead }, "render": p.render,
		"full": p.full, "shown": p.shown, "gravest": p.gravest, "cutOff": p.cutOff, "names": p.list,

		"joined": func(items ...any) string { return strings.Join(distinct(items...), ", ") },
		"lines":  func(text string) []string { return strings.Split(text, "\v") },
		"upper":  func(text any) string { return strings.ToUpper(fmt.Sprint(text)) },
		"words":  func(constant any) string { return Words(fmt.Sprint(constant)) },

		"stamp":   func(at metav1.Time) string { return at.UTC().Format("2006-01-02 15:04:05 MST") },
		"minute":  func(at metav1.Time) string { return at.UTC().Format("2006-01-02 15:04") },
		"elapsed": elapsed, "took": took, "micros": Microseconds,

		"good": in(good), "notice": in(notice), "bad": in(bad), "strong": in(strong), "tinted": tinted,
		"told": func(state any) string { return tinted(state, Words(fmt.Sprint(state))) },
		"none": func() string { return noText }, "column": column, "widest": widest, "diff": p.diff,

		"groups": func() *Groups[any] { return &Groups[any]{} }, "findings": p.findings, "causes": p.causes, "whose": p.whose, "forAll": forAll,
		"moved": p.moved, "nearer": p.nearer, "times": times, "muchNearer": muchNearer, "passed": p.passed, "gap": p.gap, "longestGap": longestGap,
		"ways": ways, "failed": failedWays, "plans": p.plans, "impact": impactOf, "leftOut": leftOut, "outcomes": p.outcomes,
	}
	maps.Copy(all, Functions())
	return all
}

// each returns what a path of fields leads to, through all items of lists, unless something on the way is missing.
func each(from any, path ...string) (found []any) {
	value := reflect.ValueOf(from)
	for value.Kind() == reflect.Pointer && len(path) > 0 {
		value = value.Elem()
	}
	switch {
	case value.Kind() == reflect.Slice:
		for i := range value.Len() {
			found = append(found, each(value.Index(i).Interface(), path...)...)
		}
		return found
	case !value.IsValid():
		return nil
	case len(path) == 0:
		return []any{from}
	}
	return each(value.FieldByName(path[0]).Interface(), path[1:]...)
}

func texts(items any) (all []string) {
	for _, item := range each(items) {
		all = append(all, fmt.Sprint(item))
	}
	return all
}

// distinct returns the items, and those of lists among them, as texts: equal ones once, and no empty ones.
func distinct(items ...any) (all []string) {
	for _, text := range texts(items) {
		if text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// sum adds whole numbers up.
func sum(numbers ...any) (total int64) {
	for _, n := range each(numbers) {
		total += reflect.ValueOf(n).Int()
	}
	return total
}

// number returns how many of the states are this one.
func number(states []any, state string) (n int) {
	for _, s := range states {
		if fmt.Sprint(s) == state {
			n++
		}
	}
	return n
}

// counts returns how many of each state there are: "2 failed, 1 unknown". After each state comes what it is called.
func counts(states []any, called ...string) string {
	var all []string
	for i := 0; i < len(called); i += 2 {
		if n := number(states, called[i]); n > 0 {
			all = append(all, fmt.Sprint(n, " ", called[i+1]))
		}
	}
	return strings.Join(all, ", ")
}

func counted(n any, noun string) string {
	if fmt.Sprint(n) == "1" {
		return "1 " + noun
	}
	return fmt.Sprint(n, " ", noun, "s")
}

// Words turns a CamelCase constant into words: "ChangesPending", "changes pending".
func Words(constant string) string {
	var b strings.Builder
	for i, r := range constant {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
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

func elapsed(started, finished metav1.Time) string {
	if started.IsZero() || finished.IsZero() || finished.Time.Before(started.Time) {
		return ""
	}
	return finished.Sub(started.Time).Round(time.Second).String()
}

// column returns a text, which may have a style, cut or padded to a width.
func column(width int, text any) string {
	s, bare := styled(fmt.Sprint(text))
	bare = truncate(oneLine(bare), width)
	return s.apply(bare, true) + pad("", width-widthOf(bare))
}

// widest returns the width of the widest of the texts, and limit at most.
func widest(limit int, items []any) (width int) {
	for _, text := range texts(items) {
		width = max(width, min(widthOf(oneLine(text)), limit))
	}
	return width
}

// diff writes a diff line by line, with its blanks.
func (p *page) diff(diff string) string {
	var b strings.Builder
	for l := range strings.SplitSeq(strings.TrimRight(diff, "\v"), "\v") {
		s := map[byte]style{'+': good, '-': bad, '@': faint}[(l + " ")[0]]
		b.WriteString("    " + wholeMark + s.apply(strings.ReplaceAll(l, "\f", "\t"), p.Color) + "\n")
	}
	return b.String()
}
