// Package shell writes command lines for people to paste. They name their cluster, and rely on nobody's current context.
package shell

import "strings"

// Kubectl returns the command line that runs kubectl with these words in a kubeconfig context.
func Kubectl(context string, words ...string) string {
	return Join(append([]string{"kubectl", "--context", context}, words...)...)
}

// Helm returns the command line that runs Helm with these words in a kubeconfig context.
func Helm(context string, words ...string) string {
	return Join(append([]string{"helm", "--kube-context", context}, words...)...)
}

// Join joins words to a command line that a POSIX shell splits into the same words, whatever they contain.
func Join(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}

// Quote quotes a word for a POSIX shell, if it needs that.
func Quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:@%+=,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
