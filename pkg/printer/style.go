package printer

import (
	"fmt"
	"strings"
)

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

// styleOf returns the style of an outcome, a state or an action.
func styleOf(state any) style {
	switch fmt.Sprint(state) {
	case "Succeeded", "NothingToDo", "Already", "Done", "Pass", "None":
		return good
	case "ChangesPending", "NotStarted", "Change", "Planned", "Undone", "Unknown", "Warn":
		return notice
	case "Skipped":
		return faint
	case "", "Check", "Left", "Running":
		return plain
	}
	return bad
}

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

// styled separates a text from the style that was applied to it.
func styled(text string) (style, string) {
	text, ok := strings.CutPrefix(strings.TrimSpace(text), "\x1b[")
	if !ok {
		return plain, text
	}
	s, text, _ := strings.Cut(text, "m")
	return style(s), strings.TrimSuffix(text, "\x1b[0m")
}
