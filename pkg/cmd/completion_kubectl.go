package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/spf13/cobra"
)

// pluginFile is the plugin's name as kubectl looks for it on PATH; completerFile is the program that kubectl runs to
// complete the plugin's arguments (kubectl, pkg/cmd/plugin_completion.go).
const (
	pluginFile    = "kubectl-coder_satellite"
	completerFile = "kubectl_complete-coder_satellite"
)

// completerMark is in every completer that we wrote, so that no other is overwritten.
const completerMark = "Written by `kubectl coder-satellite completion kubectl`"

func newCompletionKubectl(env Environment) *cobra.Command {
	var dir string
	cmd := command("kubectl", "Install the script that kubectl runs for completions", `
Install `+completerFile+` beside the plugin. kubectl runs this script to complete
the plugin's arguments, so it must be in a folder of the PATH. Set up kubectl's own completion, too:
see "kubectl completion --help". To undo it, delete the script.`, `
# Beside the plugin
kubectl coder-satellite completion kubectl

# In another folder of the PATH
kubectl coder-satellite completion kubectl --dir ~/.local/bin`)
	cmd.Flags().StringVar(&dir, "dir", "", "folder of the PATH to install into (default: the plugin's)")
	cmd.Args = noArgs
	cmd.RunE = func(*cobra.Command, []string) error {
		if dir == "" {
			plugin, err := exec.LookPath(pluginFile)
			if err != nil && !errors.Is(err, exec.ErrDot) {
				return usagef("%s is not on the PATH, so there is no folder beside it: name one of the PATH with --dir", pluginFile)
			}
			dir = filepath.Dir(plugin)
		}
		file := filepath.Join(dir, completerName(runtime.GOOS))
		wrote, err := installCompleter(file, completer(runtime.GOOS))
		switch {
		case err != nil:
			return err
		case wrote:
			_, _ = fmt.Fprintln(env.Out, "wrote "+file)
		default:
			_, _ = fmt.Fprintln(env.Out, file+" is already in place")
		}
		if !onPath(dir, env.Getenv("PATH")) {
			_, _ = fmt.Fprintf(env.ErrOut, "note: %s is not on the PATH, and kubectl looks for the script only there\n", dir)
		}
		return nil
	}
	return cmd
}

func completerName(goos string) string {
	if goos == "windows" {
		return completerFile + ".cmd" // PATHEXT has .CMD, so that kubectl finds it
	}
	return completerFile
}

// completer returns the script. Cobra's hidden verb __complete answers it.
func completer(goos string) string {
	if goos == "windows" {
		return "@rem " + completerMark + "\r\n@" + pluginFile + " __complete %*\r\n"
	}
	return "#!/bin/sh\n# " + completerMark + "; delete it to undo that.\nexec " + pluginFile + ` __complete "$@"` + "\n"
}

// installCompleter writes the script, and reports whether there was anything to write. It refuses to overwrite what
// somebody else wrote.
func installCompleter(file, script string) (wrote bool, err error) {
	switch there, err := os.ReadFile(file); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, fmt.Errorf("%s cannot be read: %w", file, err)
	case string(there) == script:
		return false, os.Chmod(file, 0o755) // its mode may have been lost
	case !bytes.Contains(there, []byte(completerMark)):
		return false, fmt.Errorf("%s exists and was not written by this plugin: move it away, or name another folder of the PATH with --dir", file)
	}
	if err = os.WriteFile(file, []byte(script), 0o755); err == nil {
		err = os.Chmod(file, 0o755) // an older one kept its mode
	}
	if err != nil {
		return false, fmt.Errorf("%s cannot be written: %w; name another folder of the PATH with --dir", file, err)
	}
	return true, nil
}

func onPath(dir, path string) bool {
	wanted, err := filepath.Abs(dir)
	return err == nil && slices.ContainsFunc(filepath.SplitList(path), func(entry string) bool {
		found, err := filepath.Abs(entry)
		return err == nil && found == wanted
	})
}
