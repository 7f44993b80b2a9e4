package cmd

import (
	"io"

	"github.com/spf13/cobra"
)

// completionShell is a shell that cobra writes a script for.
type completionShell struct {
	name, title string
	// example loads the script, now and in every new shell.
	example string
	write   func(root *cobra.Command, to io.Writer) error
}

func shells() []completionShell {
	return []completionShell{
		{
			name: "bash", title: "bash, with the package bash-completion",
			example: `
# In this shell; the same line in ~/.bashrc sets up every new one
source <(kubectl coder-satellite completion bash)`,
			write: func(root *cobra.Command, to io.Writer) error { return root.GenBashCompletionV2(to, true) },
		},
		{
			name: "zsh", title: "zsh, after compinit",
			example: `
# In this shell; the same line in ~/.zshrc sets up every new one
source <(kubectl coder-satellite completion zsh)`,
			write: func(root *cobra.Command, to io.Writer) error { return root.GenZshCompletion(to) },
		},
		{
			name: "fish", title: "fish",
			example: `
# In this shell; the same line in ~/.config/fish/config.fish sets up every new one
kubectl coder-satellite completion fish | source`,
			write: func(root *cobra.Command, to io.Writer) error { return root.GenFishCompletion(to, true) },
		},
		{
			name: "powershell", title: "PowerShell",
			example: `
# In this shell; the same line in $PROFILE sets up every new one
kubectl coder-satellite completion powershell | Out-String | Invoke-Expression`,
			write: func(root *cobra.Command, to io.Writer) error { return root.GenPowerShellCompletionWithDesc(to) },
		},
	}
}

func newCompletionShell(env Environment, s completionShell) *cobra.Command {
	return &cobra.Command{
		Use:     s.name,
		Short:   "Print the script for " + s.title,
		Long:    "Print the script for " + s.title + ". It completes the plugin when it is called as kubectl-coder_satellite.",
		Example: examples(s.example),
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.write(cmd.Root(), env.Out) },
	}
}
