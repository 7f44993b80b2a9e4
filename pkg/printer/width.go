package printer

import (
	"strings"

	"github.com/rivo/uniseg"
)

// ellipsis ends text that was cut; ASCII, so that every terminal shows it.
const ellipsis = "..."

// widthOf returns how many columns text takes on a terminal.
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
	rest, state, used := text, -1, 0
	for rest != "" {
		var w int
		var next string
		_, next, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+w > width {
			break
		}
		used, rest = used+w, next
	}
	return text[:len(text)-len(rest)], rest
}

// pad fills text up to a width with blanks.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-widthOf(text), 0))
}

// wrap breaks text into lines of at most a width, at blanks where it can.
func wrap(text string, width int) []string {
	var lines []string
	current := ""
	for _, word := range strings.Fields(text) {
		switch {
		case current == "":
			current = word
		case widthOf(current)+1+widthOf(word) <= width:
			current += " " + word
		default:
			lines = append(lines, current)
			current = word
		}
		for widthOf(current) > width {
			var head string
			if head, current = cut(current, width); head == "" {
				break
			}
			lines = append(lines, head)
		}
	}
	if current != "" || len(lines) == 0 {
		lines = append(lines, current)
	}
	return lines
}
