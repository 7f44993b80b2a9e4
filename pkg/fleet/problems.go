package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// FieldError is one thing that is wrong in a Fleet file or in the flags. Every
// mistake in what the user wrote is one of these, so that errors.As tells them
// from failures of the machine.
type FieldError struct {
	// File is the file's name as the user gave it; empty for flags.
	File string
	// Line is counted from 1; 0 if it is not known.
	Line int
	// Field is the path of the field, such as "regions[1].accessURL", or a flag
	// such as "--access-url"; empty for the file as a whole.
	Field string
	// Problem says what is wrong and what to do.
	Problem string
}

// Error returns "file:line: field: problem", without the parts that are not known.
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

// problems collects what is wrong, so that a user fixes a file in one go. The
// zero value is for flags: the path of a field stands for the flag that sets it.
type problems struct {
	// file is the Fleet file, and lines has the line of each path in it; nil for flags.
	file  string
	lines map[string]int
	found []*FieldError
}

// addf notes a problem of the field at path, or of a flag.
func (p *problems) addf(path, format string, args ...any) {
	problem := &FieldError{File: p.file, Line: p.lineOf(path), Field: path, Problem: fmt.Sprintf(format, args...)}
	if p.lines == nil {
		problem.Field = flagOf(path)
	}
	p.found = append(p.found, problem)
}

// line returns " (line N)" for the path; "" if it is not in a file.
func (p *problems) line(path string) string {
	if line := p.lineOf(path); line > 0 {
		return fmt.Sprintf(" (line %d)", line)
	}
	return ""
}

// lineOf returns the line of the path or, for a field that is missing, of the
// nearest thing around it that is not; 0 for flags.
func (p *problems) lineOf(path string) int {
	for {
		if line, ok := p.lines[path]; ok || path == "" {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// err joins all problems in the order of their lines; nil if there are none.
func (p *problems) err() error {
	slices.SortStableFunc(p.found, func(a, b *FieldError) int { return a.Line - b.Line })
	errs := make([]error, 0, len(p.found))
	for _, problem := range p.found {
		errs = append(errs, problem)
	}
	return errors.Join(errs...)
}

// flagOf returns the flag that sets the field at path; the path if it is no field's.
func flagOf(path string) string {
	flags := map[string]string{
		"regions.name": "--context", "regions.context": "--context", "regions.satellite": "--satellite",
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
