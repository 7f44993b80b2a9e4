// Package shell writes command lines that a person pastes into a shell. They name
// the cluster that they are about: nobody's current context is relied on.
package shell

import (
	"slices"
	"strings"
)

// Kubectl returns the command line that runs kubectl with these words in the
// cluster of a kubeconfig context.
func Kubectl(context string, words ...string) string {
	return Join(slices.Concat([]string{"kubectl", "--context", context}, words)...)
}

// Helm returns the command line that runs Helm with these words in the cluster of
// a kubeconfig context.
func Helm(context string, words ...string) string {
	return Join(slices.Concat([]string{"helm", "--kube-context", context}, words)...)
}

// Join joins words to a command line that a POSIX shell takes apart into the same
// words, whatever is in them: names of contexts may hold anything.
func Join(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}

// Quote quotes a word for a POSIX shell, where it needs that.
func Quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:@%+=,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
