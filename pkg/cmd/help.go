package cmd

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

const (
	helpWidth   = 100
	optionsVerb = "options"
	commonFlag  = "coder-satellite.dev/common"
)

//go:embed help
var texts embed.FS

// documented returns a command with the help in help/NAME.txt: its title, what it does, and examples.
func documented(use string) *cobra.Command {
	name, _, _ := strings.Cut(use, " ")
	text, _ := texts.ReadFile("help/" + name + ".txt") // there for every command: a test asks for its examples
	about, example, _ := strings.Cut(string(text), "\n\nExamples:\n")
	short, long, _ := strings.Cut(about, "\n\n")
	example = strings.ReplaceAll("  "+strings.ReplaceAll(strings.TrimSpace(example), "\n", "\n  "), "  \n", "\n")
	return &cobra.Command{Use: use, Short: short, Long: strings.TrimSpace(long), Example: strings.TrimRight(example, " ")}
}

// FlagUsages returns the usages of a command's own flags or, for the verb options, of the common ones.
func FlagUsages(cmd *cobra.Command) string {
	listed := pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if (flag.Annotations[commonFlag] != nil) == (cmd.Name() == optionsVerb) {
			listed.AddFlag(flag)
		}
	})
	return listed.FlagUsagesWrapped(helpWidth)
}

func writeHelp(w io.Writer, cmd *cobra.Command) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage:\n  %s\n", cmp.Or(cmd.Long, cmd.Short), cmd.UseLine())
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nAvailable Commands:\n")
	}
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			fmt.Fprintf(&b, "  %-11s %s\n", child.Name(), child.Short)
		}
	}
	fmt.Fprintf(&b, "\nFlags:\n%s\nExit codes:\n%s", FlagUsages(cmd), ExitCodes(cmd))
	if cmd.Flags().Lookup("coder-url") != nil && cmd.Name() != optionsVerb {
		b.WriteString("\nUse \"kubectl coder-satellite options\" for the flags that commands have in common, such as -f,\n" +
			"--region and --context (which regions), --coder-url, --as, --request-timeout, -q and -v.\n")
	}
	_, _ = io.WriteString(w, b.String()) // Main notices a write that fails
}

func newOptions(env Environment) *cobra.Command {
	cmd := documented(optionsVerb)
	cmd.Args, cmd.RunE = noArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	new(targets).addTo(env, cmd, needs{regions: true})
	cmd.Annotations = nil // its exit codes are not those of a verb that connects
	return cmd
}

// flagError explains an unknown flag: why it is refused on purpose, or which flags may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	unknown, advice := new(pflag.NotExistError), ""
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		name := unknown.GetSpecifiedName()
		if reason := refusal(name); reason != "" {
			return usagef("cannot take --%s: %s", name, reason)
		}
		var names []string
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if len(flag.Name) > 1 {
				names = append(names, "--"+flag.Name)
			}
		})
		advice = strings.ReplaceAll(suggest.DidYouMean("--"+name, names), `"`, "")
	}
	return usagef("%v%s; see `%s --help`", err, advice, cmd.CommandPath())
}

// refusal returns why a flag of kubectl or Helm is refused, and what to do instead; empty for any other flag.
func refusal(name string) string {
	switch name {
	case "token":
		return "an argument shows in the list of processes; clusters take the kubeconfig's credentials, and Coder those of " +
			"`coder login`, $CODER_TOKEN or --coder-token-file"
	case "insecure-skip-tls-verify":
		return "tokens are only sent to servers whose certificate was verified; name the authority that signed it: " +
			"certificate-authority in the kubeconfig, --coder-ca-file for Coder, `helm repo add --ca-file` for charts"
	case "username", "password", "password-stdin", "pass-credentials", "ca-file", "cert-file", "key-file":
		return "credentials and certificates of chart repositories are Helm's to keep; run `helm repo add NAME URL` with this flag, and give " +
			"the same URL with --repo (for an oci:// chart: `helm registry login`)"
	case "server", "certificate-authority", "client-certificate", "client-key":
		return "write it into the kubeconfig, and choose it with --context, --cluster or --user"
	case "kube-context":
		return "it is called --context here, as in kubectl"
	case "version":
		return "--chart-version chooses the chart's version; `kubectl coder-satellite version` prints the plugin's"
	case "gitops":
		return "plan, migrate, retain and rollback do; after finalize Flux would install the legacy release again: delete its HelmRelease from Git while it is suspended"
	default:
		return ""
	}
}
