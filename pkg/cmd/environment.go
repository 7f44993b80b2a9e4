package cmd

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// Environment is what the commands know of their process.
type Environment struct {
	genericiooptions.IOStreams
	Getenv func(string) string
	Clock  clock.WithTicker
	Build  Build
}

// Build is the plugin's version, set by the linker; fields are empty if unset.
type Build struct {
	Version string // a release like "v0.1.0"
	Commit  string
}

func (e Environment) userAgent() string {
	return "kubectl-coder-satellite/" + e.version() + " (" + runtime.GOOS + "/" + runtime.GOARCH + ")"
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// redraws reports whether text on the stream can be replaced.
func (e Environment) redraws(stream io.Writer) bool {
	return isTerminal(stream) && e.Getenv("TERM") != "dumb"
}

func sizeOf(terminal io.Writer) (columns, rows int) {
	columns, rows, _ = term.GetSize(int(terminal.(*os.File).Fd()))
	return columns, rows
}

// text returns options that wrap at the terminal's width, DefaultWidth at most, and use colours (no-color.org); elsewhere
// nothing is cut or wrapped.
func (e Environment) text(stream io.Writer) printer.Options {
	if !isTerminal(stream) {
		return printer.Options{}
	}
	width, _ := sizeOf(stream)
	if width <= 0 || width > printer.DefaultWidth {
		width = printer.DefaultWidth
	}
	return printer.Options{Color: e.Getenv("NO_COLOR") == "" && e.redraws(stream), Width: width}
}

// defaultsFromEnvironment gives flags that neither select nor confirm anything defaults from $CODER_SATELLITE_*.
func defaultsFromEnvironment(env Environment, cmd *cobra.Command) {
	names := make(map[*pflag.Flag]string)
	for _, name := range []string{"coder-ca-file", "coder-token-file", "concurrency", "evidence-dir", "quiet", "request-timeout"} {
		if flag := cmd.Flags().Lookup(name); flag != nil {
			names[flag] = "CODER_SATELLITE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
			flag.Usage += " [$" + names[flag] + "]"
		}
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		for flag, variable := range names {
			if value := env.Getenv(variable); value != "" && !flag.Changed {
				if err := cmd.Flags().Set(flag.Name, value); err != nil {
					return usagef("$%s is %q, which --%s does not take: %w", variable, value, flag.Name, err)
				}
			}
		}
		return nil
	}
	for _, child := range cmd.Commands() {
		defaultsFromEnvironment(env, child)
	}
}

func evidenceDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "coder-satellite-evidence"
	}
	return filepath.Join(cache, "coder-satellite", "evidence")
}
