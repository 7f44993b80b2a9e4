package fleet

import (
	"slices"
	"strings"
)

// Command returns the command line that runs the verb on this region alone, to
// be pasted into a shell. What --set gave is not repeated, since it may be
// secret: an ellipsis stands for it.
func (r Region) Command(verb string) string {
	words := []string{"kubectl coder-satellite", verb, firstOf(r.Selector, "--region "+quote(r.Name))}
	if verb == "plan" || verb == "migrate" { // the verbs that take the flags of a chart
		words = append(words, r.ChartFlags)
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// Kubectl returns the command line that runs kubectl with these words in the
// region's cluster, to be pasted into a shell.
func (r Region) Kubectl(words ...string) string {
	return Shell(slices.Concat([]string{"kubectl", "--context", r.Context}, words)...)
}

// Shell joins words to a command line that a POSIX shell takes apart into the
// same words, whatever is in them: names of contexts may hold anything.
func Shell(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}
	return strings.Join(quoted, " ")
}

// remember notes in the region what names it on a command line like this one.
func (f Flags) remember(region *Region) {
	further := slices.Concat([]string{"--coder-url", f.CoderURL, "--coder-ca-file", f.CAFile}, f.Further)
	if f.Filename != "" {
		region.Selector = written(slices.Concat([]string{"--filename", f.Filename, "--region", region.Name}, further)...)
		return
	}
	region.Selector = written(slices.Concat([]string{
		"--context", region.Context, "--namespace", f.Namespace, "--release", f.Release,
		"--access-url", f.AccessURL, "--unified-url", f.UnifiedURL, "--provider", f.Provider, "--connect-to", f.ConnectTo, "--canary", f.Canary,
	}, further)...)
	pairs := []string{"--chart", f.Chart, "--repo", f.Repo, "--chart-version", f.ChartVersion}
	for _, file := range f.ValueFiles {
		pairs = append(pairs, "--values", file)
	}
	if len(f.Sets) > 0 {
		pairs = append(pairs, "--set", "...")
	}
	region.ChartFlags = written(pairs...)
}

// written joins pairs of flags and values, without those that have no value.
func written(pairs ...string) string {
	var words []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			words = append(words, pairs[i], quote(pairs[i+1]))
		}
	}
	return strings.Join(words, " ")
}

// quote quotes a word for a POSIX shell, where it needs that.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:@%+=,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
