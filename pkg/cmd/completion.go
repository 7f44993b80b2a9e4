package cmd

import (
	"bytes"
	"cmp"
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

func newCompletion(env Environment) *cobra.Command {
	cmd := documented("completion")
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("there is no completion for %q: choose kubectl, bash, zsh, fish or powershell", args[0])
		}
		return cmd.Help()
	}
	cmd.AddCommand(newCompletionKubectl(env))
	for name, write := range map[string]func(root *cobra.Command) error{
		"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(env.Out, true) },
		"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(env.Out) },
		"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(env.Out, true) },
		"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(env.Out) },
	} {
		shell := documented(name)
		shell.Args, shell.RunE = noArgs, func(cmd *cobra.Command, _ []string) error { return write(cmd.Root()) }
		cmd.AddCommand(shell)
	}
	return cmd
}

// What kubectl looks for on the PATH: the plugin, and its completer (kubectl, pkg/cmd/plugin_completion.go).
const (
	pluginFile    = "kubectl-coder_satellite"
	completerFile = "kubectl_complete-coder_satellite"
)

// completerMark is in every completer that this verb wrote; a file without it is not overwritten.
const completerMark = "Written by `kubectl coder-satellite completion kubectl`"

func newCompletionKubectl(env Environment) *cobra.Command {
	var dir string
	cmd := documented("kubectl")
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
		name, script := completer(runtime.GOOS)
		file := filepath.Join(dir, name)
		wrote, err := installCompleter(file, script)
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

// completer returns the file's name and the script, which runs cobra's hidden verb __complete.
func completer(goos string) (name, script string) {
	if goos == "windows" { // PATHEXT has .CMD, so that kubectl finds it
		return completerFile + ".cmd", "@rem " + completerMark + "\r\n@" + pluginFile + " __complete %*\r\n"
	}
	return completerFile, "#!/bin/sh\n# " + completerMark + "; delete it to undo that.\nexec " + pluginFile + ` __complete "$@"` + "\n"
}

// installCompleter writes the script if it is missing or outdated, and refuses to overwrite anybody else's file.
func installCompleter(file, script string) (wrote bool, err error) {
	there, err := os.ReadFile(file)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("%s cannot be read: %w", file, err)
	case err == nil && !bytes.Contains(there, []byte(completerMark)):
		return false, fmt.Errorf("%s exists and was not written by this plugin: move it away, or name another folder of the PATH with --dir", file)
	}
	if wrote, err = string(there) != script, nil; wrote {
		err = os.WriteFile(file, []byte(script), 0o755)
	}
	if err = cmp.Or(err, os.Chmod(file, 0o755)); err != nil { // an older one kept its mode, or lost it
		return false, fmt.Errorf("%s cannot be written: %w; name another folder of the PATH with --dir", file, err)
	}
	return wrote, nil
}

func onPath(dir, path string) bool {
	wanted, err := filepath.Abs(dir)
	return err == nil && slices.ContainsFunc(filepath.SplitList(path), func(entry string) bool {
		found, err := filepath.Abs(entry)
		return err == nil && found == wanted
	})
}
