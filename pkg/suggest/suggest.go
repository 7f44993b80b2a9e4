// Package suggest finds the names that a user may have meant.
package suggest

import (
	"fmt"
	"slices"
	"strings"
)

const most = 3

// Near returns the candidates that name may stand for: those that contain it or are contained in it, and those that
// differ by at most two letters, whatever their case. The nearest come first, at most three.
func Near(name string, candidates []string) []string {
	var found []string
	distances := map[string]int{}
	for _, candidate := range candidates {
		typed, known := strings.ToLower(name), strings.ToLower(candidate)
		d := distance([]rune(typed), []rune(known))
		contains := typed != "" && (strings.Contains(known, typed) || strings.Contains(typed, known))
		if candidate != "" && (d <= 2 && d < len([]rune(known)) || contains) {
			found = append(found, candidate)
			distances[candidate] = d
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return distances[a] - distances[b] })
	return found[:min(len(found), most)]
}

// DidYouMean returns "; did you mean \"x\" or \"y\"?", or "" if nothing is near.
func DidYouMean(name string, candidates []string) string {
	names := Near(name, candidates)
	if len(names) == 0 {
		return ""
	}
	for i, n := range names {
		names[i] = fmt.Sprintf("%q", n)
	}
	return "; did you mean " + strings.Join(names, " or ") + "?"
}

// distance returns the Levenshtein distance: how many letters to add, remove or replace to turn a into b.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
