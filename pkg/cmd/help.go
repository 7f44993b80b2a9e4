package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// helpWidth is the most columns that help takes.
const helpWidth = 100

// commonFlag annotates, with the title of its group, a flag that verbs have in common.
const commonFlag = "coder-satellite.dev/common"

// common adds the flags that define defines, if the verb takes them, as a group of those
// that verbs have in common. A flag that the verb has under that name already stays.
func common(f *pflag.FlagSet, title string, define func(*pflag.FlagSet), takes bool) {
	if !takes {
		return
	}
	group := pflag.NewFlagSet(title, pflag.ContinueOnError)
	define(group)
	group.VisitAll(func(flag *pflag.Flag) { flag.Annotations = map[string][]string{commonFlag: {title}} })
	f.AddFlagSet(group)
}

// FlagGroups returns the usages of the command's flags, by the title of their group, with
// the titles in order; the title of the command's own flags is "Flags".
func FlagGroups(cmd *cobra.Command) (titles []string, usages map[string]string) {
	groups := make(map[string]*pflag.FlagSet)
	f := cmd.Flags()
	f.SortFlags = false // so that groups come as they were defined
	f.VisitAll(func(flag *pflag.Flag) {
		title := "Flags"
		if of := flag.Annotations[commonFlag]; len(of) > 0 {
			title = of[0]
		}
		if groups[title] == nil {
			groups[title] = pflag.NewFlagSet(title, pflag.ContinueOnError)
			titles = append(titles, title)
		}
		groups[title].AddFlag(flag)
	})
	usages = make(map[string]string)
	for title, group := range groups {
		usages[title] = group.FlagUsagesWrapped(helpWidth)
	}
	return titles, usages
}

// writeHelp writes a command's help: its own flags, the exit codes, and where the others are.
func writeHelp(w io.Writer, cmd *cobra.Command) {
	var b strings.Builder
	section := func(title, text string) {
		if text = strings.Trim(text, "\n"); text != "" {
			fmt.Fprintf(&b, "\n%s:\n%s\n", title, text)
		}
	}
	b.WriteString(strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)) + "\n")
	section("Usage", "  "+cmd.UseLine())
	section("Examples", cmd.Example)
	var commands strings.Builder
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			fmt.Fprintf(&commands, "  %-11s %s\n", child.Name(), child.Short)
		}
	}
	section("Available Commands", commands.String())
	titles, usages := FlagGroups(cmd)
	section("Flags", usages["Flags"])
	if cmd.Name() == optionsVerb {
		for _, title := range titles {
			if title != "Flags" {
				section(title, usages[title])
			}
		}
	}
	section("Exit codes", ExitCodes(cmd))
	switch {
	case cmd.HasAvailableSubCommands():
		fmt.Fprintf(&b, "\nUse \"%s COMMAND --help\" for more about a command.\n", cmd.CommandPath())
	case len(titles) > 1 && cmd.Name() != optionsVerb:
		b.WriteString("\nUse \"kubectl coder-satellite options\" for the flags that commands have in common, such as -f,\n" +
			"--region and --context (which regions), --coder-url, --as, --request-timeout, -q and -v.\n")
	}
	_, _ = io.WriteString(w, b.String()) // Main notices a write that fails
}

const optionsVerb = "options"

func newOptions(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   optionsVerb,
		Short: "List the flags that commands have in common",
		Long: `List the flags that commands have in common. Flags go after the verb: kubectl takes none
before a plugin's name. A command whose help names regions takes all of them, others take
those that concern the primary.

A flag whose description ends with [$NAME] takes its default from that environment variable.`,
		Example: examples("# In the terminal's pager\nkubectl coder-satellite options | ${PAGER:-cat}"),
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var all targets
	all.addTo(env, cmd, needs{regions: true})
	cmd.Annotations = nil // it connects to nothing
	return cmd
}

// flagError explains a flag that a command does not take: the reason if it is refused on
// purpose, else the flags that may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	unknown, advice := new(pflag.NotExistError), ""
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		name := unknown.GetSpecifiedName()
		if reason := refusal(name); reason != "" {
			return usagef("cannot take --%s: %s", name, reason)
		}
		var names []string
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if len(flag.Name) > 1 && !flag.Hidden {
				names = append(names, "--"+flag.Name)
			}
		})
		advice = strings.ReplaceAll(suggest.DidYouMean("--"+name, names), `"`, "")
	}
	return usagef("%v%s; see `%s --help`", err, advice, cmd.CommandPath())
}

// refusal returns why a flag that kubectl or Helm has is not taken, and what to do
// instead; empty for any other flag.
func refusal(name string) string {
	switch {
	case name == "token":
		return "an argument shows in the list of processes; clusters take the kubeconfig's credentials, and Coder those of " +
			"`coder login`, $CODER_TOKEN or --coder-token-file"
	case name == "insecure-skip-tls-verify":
		return "tokens are only sent to servers whose certificate was verified; name the authority that signed it: " +
			"certificate-authority in the kubeconfig, --coder-ca-file for Coder, `helm repo add --ca-file` for charts"
	case slices.Contains([]string{"username", "password", "password-stdin", "pass-credentials", "ca-file", "cert-file", "key-file"}, name):
		return "credentials and certificates of chart repositories are Helm's to keep; run `helm repo add NAME URL` with this flag, and give " +
			"the same URL with --repo (for an oci:// chart: `helm registry login`)"
	case slices.Contains([]string{"server", "certificate-authority", "client-certificate", "client-key"}, name):
		return "write it into the kubeconfig, and choose it with --context, --cluster or --user"
	case name == "version":
		return "--chart-version chooses the chart's version; `kubectl coder-satellite version` prints the plugin's"
	default:
		return ""
	}
}
