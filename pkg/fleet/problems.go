package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// FieldError is one mistake of the user in a Fleet file or in the flags. Other errors are failures of the machine.
type FieldError struct {
	File    string // as the user named it; empty for flags
	Line    int    // counted from 1; 0 if unknown
	Field   string // a path such as "regions[1].accessURL", or a flag; empty for the file as a whole
	Problem string // what is wrong and what to do
}

// Error returns "file:line: field: problem" without the unknown parts.
func (e *FieldError) Error() string {
	text := e.Problem
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	switch {
	case e.File != "" && e.Line > 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, text)
	case e.File != "":
		return e.File + ": " + text
	}
	return text
}

// problems collects mistakes, so that the user fixes a file in one go. The zero value is for flags: each field's path then
// stands for the flag that sets it.
type problems struct {
	// file is the Fleet file, and lines maps paths to their lines; nil for flags.
	file  string
	lines map[string]int
	found []*FieldError
}

func (p *problems) addf(path, format string, args ...any) {
	problem := &FieldError{File: p.file, Line: p.lineOf(path), Field: path, Problem: fmt.Sprintf(format, args...)}
	if p.lines == nil {
		problem.Field = flagOf(path)
	}
	p.found = append(p.found, problem)
}

// addIf adds a problem if something is wrong.
func (p *problems) addIf(wrong bool, path, format string, args ...any) {
	if wrong {
		p.addf(path, format, args...)
	}
}

// line returns " (line N)" for the path; "" outside a file.
func (p *problems) line(path string) string {
	if line := p.lineOf(path); line > 0 {
		return fmt.Sprintf(" (line %d)", line)
	}
	return ""
}

// lineOf returns the path's line or, for a missing field, that of its nearest parent; 0 for flags.
func (p *problems) lineOf(path string) int {
	for {
		if line, ok := p.lines[path]; ok || path == "" {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

func (p *problems) err() error {
	slices.SortStableFunc(p.found, func(a, b *FieldError) int { return a.Line - b.Line })
	errs := make([]error, 0, len(p.found))
	for _, problem := range p.found {
		errs = append(errs, problem)
	}
	return errors.Join(errs...)
}

func flagOf(path string) string {
	flags := map[string]string{
		"regions.name": "--context", "regions.context": "--context", "regions.satellite.managedBy": "--satellite",
		"regions.accessURL": "--access-url", "regions.namespace": "--namespace", "regions.release": "--release",
		"regions.values": "--values", "regions.connectTo": "--connect-to", "regions.canary.workspace": "--canary",
		"regions.provider": "--provider", "regions.providers": "--provider", "regions.providers.name": "--provider",
		"regions.providers.context": "--provider-context", "regions.providers.canary.workspace": "--canary",
		"coder.url": "--coder-url", "coder.caFile": "--coder-ca-file", "unifiedURL": "--unified-url",
		"chart.name": "--chart", "chart.repo": "--repo", "chart.version": "--chart-version",
		"rollout.maxParallel": "--max-parallel", "rollout.maxFailures": "--max-failures",
	}
	return cmp.Or(flags[regexp.MustCompile(`\[\d+\]`).ReplaceAllString(path, "")], path)
}

const maxListed = 12

// orKnown suggests similar names or, without any, lists the known ones.
func orKnown(name string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	return cmp.Or(suggest.DidYouMean(name, known), "; there are: "+listed(known))
}

func listed(names []string) string {
	text := strings.Join(names[:min(len(names), maxListed)], ", ")
	if more := len(names) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", text, more)
	}
	return text
}
