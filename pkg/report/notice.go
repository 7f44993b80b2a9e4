// Package report turns documents into texts for people who do not run the plugin. It makes no requests.
package report

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Notice is what to tell a region's users.
type Notice struct {
	Region          v1alpha1.RegionStatus
	PrimaryURL      string // where users connect until they have moved
	URL             string // where they connect from then on: the satellite's access URL, or the one that all satellites share
	Answers         bool   // what users connect to with Networking v2 answers
	RebuiltBySwitch bool   // the primary itself rebuilds workspaces that run at the switch
	When            string // when the region's users move, in words; empty if that is not said
}

// Markdown is the notice in Markdown: what changes, what to do, and what a rebuild does.
func (n Notice) Markdown() (string, error) {
	var out strings.Builder
	err := write(&out, "notice", n)
	return out.String(), err
}

// Moved reports whether users can connect the new way: all of the region's providers are switched, and it answers.
func (n Notice) Moved() bool {
	return n.Answers && !slices.ContainsFunc(n.Region.Providers, func(p v1alpha1.ProviderStatus) bool {
		return p.NetworkingV2 != v1alpha1.NetworkingV2On && p.NetworkingV2 != v1alpha1.NetworkingV2AlwaysOn
	})
}

// Begin is When at the beginning of a sentence.
func (n Notice) Begin() string {
	first, size := utf8.DecodeRuneInString(n.When)
	if size == 0 {
		return "Soon"
	}
	return string(unicode.ToUpper(first)) + n.When[size:]
}

// escaped is text that Markdown shows as it is.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", `\<`, "[", `\[`, "|", `\|`, "~", `\~`, "&", `\&`).Replace(oneLine(text))
}

// oneLine is text without line feeds, after which Markdown would begin something new.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
