package cmd

import "github.com/spf13/cobra"

func newCompletion(env Environment) *cobra.Command {
	cmd := command("completion", "Set up completion for kubectl or for a shell", `
Print a completion script for a shell, or install the one that kubectl uses.

kubectl itself completes "kubectl coder-satellite": set up kubectl's own completion, then run
"kubectl coder-satellite completion kubectl" once. The shell scripts complete the plugin when it is
called by its file name, kubectl-coder_satellite.`, `
# For kubectl coder-satellite, in every shell that completes kubectl
kubectl coder-satellite completion kubectl`)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("there is no completion for %q: choose kubectl, bash, zsh, fish or powershell", args[0])
		}
		return cmd.Help()
	}
	cmd.AddCommand(newCompletionKubectl(env))
	shell := func(name, title, profile, load string, write func(root *cobra.Command) error) {
		child := command(name, "Print the script for "+title, "Print the script for "+title+
			".\nIt completes the plugin when it is called as kubectl-coder_satellite.",
			"# In this shell; put the same line into "+profile+" for every new one\n"+load)
		child.Args, child.RunE = noArgs, func(cmd *cobra.Command, _ []string) error { return write(cmd.Root()) }
		cmd.AddCommand(child)
	}
	shell("bash", "bash, with the package bash-completion", "~/.bashrc", "source <(kubectl coder-satellite completion bash)",
		func(root *cobra.Command) error { return root.GenBashCompletionV2(env.Out, true) })
	shell("zsh", "zsh, after compinit", "~/.zshrc", "source <(kubectl coder-satellite completion zsh)",
		func(root *cobra.Command) error { return root.GenZshCompletion(env.Out) })
	shell("fish", "fish", "~/.config/fish/config.fish", "kubectl coder-satellite completion fish | source",
		func(root *cobra.Command) error { return root.GenFishCompletion(env.Out, true) })
	shell("powershell", "PowerShell", "$PROFILE", "kubectl coder-satellite completion powershell | Out-String | Invoke-Expression",
		func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(env.Out) })
	return cmd
}
