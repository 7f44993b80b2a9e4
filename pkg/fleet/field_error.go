package fleet

import (
	"errors"
	"fmt"
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
	var b strings.Builder
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	case e.File != "":
		fmt.Fprintf(&b, "%s: ", e.File)
	}
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Problem)
	return b.String()
}

// problems collects what is wrong, so that a user fixes a file in one go.
type problems struct {
	origin origin
	found  []*FieldError
}

// addf notes a problem of the field at path.
func (p *problems) addf(path, format string, args ...any) {
	file, line, field := p.origin.place(path)
	p.found = append(p.found, &FieldError{File: file, Line: line, Field: field, Problem: fmt.Sprintf(format, args...)})
}

// line returns " (line N)" for the path; "" if it is not in a file.
func (p *problems) line(path string) string {
	if _, line, _ := p.origin.place(path); line > 0 {
		return fmt.Sprintf(" (line %d)", line)
	}
	return ""
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
