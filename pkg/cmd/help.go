package cmd

import (
	"embed"
	"errors"
	"io"
	"slices"
	"strings"
	"text/template"

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
	page := template.Must(template.New("page.tmpl").ParseFS(texts, "help/page.tmpl"))
	_ = page.Execute(w, struct { // Main notices a write that fails
		*cobra.Command
		FlagUsages, ExitCodes string
		Connects              bool // it takes the common flags
	}{cmd, FlagUsages(cmd), ExitCodes(cmd), cmd.Flags().Lookup("coder-url") != nil && cmd.Name() != optionsVerb})
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
	text, _ := texts.ReadFile("help/refused-flags.txt")
	for line := range strings.Lines(string(text)) {
		names, reason, _ := strings.Cut(line, ": ")
		if slices.Contains(strings.Fields(names), name) {
			return strings.TrimSpace(reason)
		}
	}
	return ""
}
