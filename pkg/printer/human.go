package printer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

const pluginName = "kubectl coder-satellite"

const stamp = "2006-01-02 15:04:05 MST" // for times in UTC

func primaryLine(primary v1alpha1.Primary) string {
	parts := sentences{"Primary " + primary.URL}
	parts.add(primary.Version != "", "Coder %s", primary.Version)
	parts.add(primary.Version == "", "version unknown")
	parts.add(primary.Operator != "", "as %s", primary.Operator)
	return strings.Join(parts, ", ")
}

func (p *page) version(info *v1alpha1.VersionInfo) {
	var build sentences
	build.add(info.Commit != "", "commit %s", info.Commit)
	build.add(true, "%s, %s", info.GoVersion, info.Platform)
	p.command("", pluginName+" "+info.Version+" ("+strings.Join(build, ", ")+")")
	if info.Primary != nil {
		p.title(primaryLine(*info.Primary), plain)
	}
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

func outcomeStyle(outcome v1alpha1.Outcome) style {
	return cmp.Or(map[v1alpha1.Outcome]style{
		v1alpha1.OutcomeSucceeded: good, v1alpha1.OutcomeNothingToDo: good,
		v1alpha1.OutcomeChangesPending: notice, v1alpha1.OutcomeNotStarted: notice,
	}[outcome], bad)
}

func stateStyle(state v1alpha1.StepState) style {
	return map[v1alpha1.StepState]style{
		v1alpha1.StepAlready: good, v1alpha1.StepDone: good, v1alpha1.StepUndone: notice,
		v1alpha1.StepFailed: bad, v1alpha1.StepUndoFailed: bad, v1alpha1.StepInterrupted: bad,
	}[state]
}

// ofSeveral is what tells one of several providers apart; nothing where there is only one.
func ofSeveral(several bool, provider string) string {
	if !several {
		return ""
	}
	return orNone(provider)
}

func orNone(text string) string { return cmp.Or(text, "-") }

func distinct(texts ...string) []string {
	var out []string
	for _, text := range texts {
		if text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func joined(texts []string) string { return orNone(strings.Join(distinct(texts...), ", ")) }

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// numbers counts the items of each kind.
func numbers[T any, K comparable](items []T, kind func(T) K) map[K]int {
	n := map[K]int{}
	for _, item := range items {
		n[kind(item)]++
	}
	return n
}

// sentences are a summary, or parts of a sentence.
type sentences []string

func (s *sentences) add(applies bool, format string, args ...any) {
	if applies {
		*s = append(*s, fmt.Sprintf(format, args...))
	}
}

// count adds a number of things, unless it is 0.
func (s *sentences) count(n int, what string) { s.add(n > 0, "%d %s", n, what) }

// style is the parameter of an ANSI "select graphic rendition". Colour alone carries no meaning.
type style string

const (
	plain  style = ""
	strong style = "1"
	faint  style = "2"
	good   style = "32"
	notice style = "33"
	bad    style = "31"
)

// goodIf is the style of what is as it should be, or is to be noticed.
func goodIf(well bool) style {
	if well {
		return good
	}
	return notice
}

func (s style) apply(text string, color bool) string {
	if !color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}
