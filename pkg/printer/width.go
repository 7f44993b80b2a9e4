package printer

import (
	"strings"

	"github.com/rivo/uniseg"
)

// ellipsis ends text that was cut; ASCII, so that every terminal shows it.
const ellipsis = "..."

func widthOf(text string) int { return uniseg.StringWidth(text) }

// truncate cuts text to a width, between characters as a reader sees them.
func truncate(text string, width int) string {
	if widthOf(text) <= width {
		return text
	}
	if width <= len(ellipsis) {
		return ellipsis[:max(width, 0)]
	}
	head, _ := cut(text, width-len(ellipsis))
	return strings.TrimRight(head, " ") + ellipsis
}

// cut splits text after as many whole characters as fit into a width.
func cut(text string, width int) (head, tail string) {
	tail, state := text, -1
	for tail != "" {
		_, next, w, after := uniseg.FirstGraphemeClusterInString(tail, state)
		if w > width {
			break
		}
		tail, state, width = next, after, width-w
	}
	return text[:len(text)-len(tail)], tail
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-widthOf(text), 0))
}

// wrap breaks text into lines of at most a width, at blanks where it can.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := len(lines) - 1
		switch {
		case lines[last] == "":
			lines[last] = word
		case widthOf(lines[last])+1+widthOf(word) <= width:
			lines[last] += " " + word
		default:
			lines = append(lines, word)
		}
		for head, tail := cut(lines[len(lines)-1], width); head != "" && tail != ""; head, tail = cut(tail, width) {
			lines[len(lines)-1] = head
			lines = append(lines, tail)
		}
	}
	return lines
}
