// Package report turns documents into texts for people who do not run the plugin. It
// asks nobody, and sends nothing.
package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Notice is what a region's users are to be told.
type Notice struct {
	Region          v1alpha1.RegionStatus
	PrimaryURL      string // where users connect until they have moved
	URL             string // where they connect from then on: the satellite's access URL, or the one that all satellites share
	Answers         bool   // what users connect to with Networking v2 answers
	RebuiltBySwitch bool   // the primary itself rebuilds workspaces that run at the switch
	When            string // when the region's users move, in words; empty if that is not said
}

// Markdown is the notice in Markdown: what changes, what to do, and what a rebuild does.
func (n Notice) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	moved := n.moved()
	line("# Coder in %s: %s\n", escaped(n.Region.Name), n.title(moved))
	switch {
	case n.URL == "" && moved:
		line("Workspaces of %s use Coder's new networking. You go on connecting to <%s>.\n", n.providers(), n.PrimaryURL)
	case n.URL == "":
		line("%s, workspaces of %s change to Coder's new networking. You go on connecting to <%s>.\n", n.when(), n.providers(), n.PrimaryURL)
	case moved:
		line("There is a Coder server near %s now. What you type in a workspace of %s takes the short way if you connect to it.\n", escaped(n.Region.Name), n.providers())
	default:
		line("%s, a Coder server near %s takes over the workspaces of %s. What you type takes the short way then, if you connect to it.\n", n.when(), escaped(n.Region.Name), n.providers())
	}
	line("## What to do\n")
	for i, step := range n.steps(moved) {
		line("%d. %s", i+1, step)
	}
	line("\n## What a rebuild does\n")
	line("It keeps your home directory, and nothing else: programs that run, packages that you installed, and files elsewhere are gone. Save them in your home directory, or in a repository, before.")
	if text := n.progress(); text != "" {
		line("\n%s", text)
	}
	return b.String()
}

// moved reports whether users can connect the new way: all of the region's providers
// are switched, and it answers.
func (n Notice) moved() bool {
	return n.Answers && !slices.ContainsFunc(n.Region.Providers, func(p v1alpha1.ProviderStatus) bool {
		return p.NetworkingV2 != v1alpha1.NetworkingV2On && p.NetworkingV2 != v1alpha1.NetworkingV2AlwaysOn
	})
}

func (n Notice) title(moved bool) string {
	switch {
	case n.URL == "":
		return "your workspace is to be rebuilt"
	case moved:
		return "a server near you"
	default:
		return "a server near you is coming"
	}
}

func (n Notice) when() string {
	if n.When == "" {
		return "Soon"
	}
	first, size := utf8.DecodeRuneInString(n.When)
	return escaped(string(unicode.ToUpper(first)) + n.When[size:])
}

// providers are the region's, as users see them in the dashboard.
func (n Notice) providers() string {
	var names []string
	for _, p := range n.Region.Providers {
		names = append(names, "`"+strings.ReplaceAll(oneLine(p.Name), "`", "'")+"`")
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// steps are what a user does, in order.
func (n Notice) steps(moved bool) []string {
	var steps []string
	switch {
	case moved:
		steps = append(steps, "Rebuild your workspace in the dashboard, if it was not rebuilt since the change: until then it takes the way that it took before.")
	case n.RebuiltBySwitch:
		steps = append(steps, "Save your work before: a workspace that runs at that time is rebuilt by itself. One that is off changes when you start it.")
	default:
		steps = append(steps, "Rebuild your workspace in the dashboard after the change: until then it takes the way that it takes today.")
	}
	if n.URL != "" {
		steps = append(steps,
			fmt.Sprintf("Open <%s> in your browser, instead of <%s>, and change your bookmarks.", n.URL, n.PrimaryURL),
			fmt.Sprintf("On your computer, log the command line in there: `coder login %s`", n.URL))
	}
	return steps
}

// progress says how many have moved; empty before the change, or if that is not known.
func (n Notice) progress() string {
	var done, all int
	for _, p := range n.Region.Providers {
		if p.Adoption == nil || !n.moved() {
			return ""
		}
		done, all = done+p.Adoption.Adopted, all+p.Adoption.Total
	}
	if all == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d workspaces have changed already.", done, all)
}

// escaped is text that Markdown shows as it is.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", `\<`, "[", `\[`, "|", `\|`, "~", `\~`, "&", `\&`).Replace(oneLine(text))
}

// oneLine is text without line feeds, after which Markdown would begin something new.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
