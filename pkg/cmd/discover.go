package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

func newDiscover(env Environment) *cobra.Command {
	t := &targets{env: env}
	var (
		output output
		all    bool
	)
	cmd := &cobra.Command{
		Use:   "discover",
		Short: "Print a Fleet made from kubeconfig contexts and the primary's providers",
		Long: `Print a Fleet with a region for each of the named kubeconfig contexts, or for all of
them, whose API server is a workspace provider's cluster address. Clusters are not
asked anything. Fill in the access URLs, and keep it as fleet.yaml.`,
		Example: examples(`
# From two contexts
kubectl coder-satellite discover --context sydney --context london > fleet.yaml

# From every context of the kubeconfig
kubectl coder-satellite discover --all-contexts > fleet.yaml`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output.format == "" {
				output.format = "yaml"
			}
			documents, err := output.printer(env)
			if err != nil {
				return err
			}
			kubeconfig, err := cluster.LoadKubeconfig(t.kubeconfig)
			if err != nil {
				return usage(err)
			}
			contexts := t.flags.Contexts
			switch {
			case all && len(contexts) > 0:
				return usagef("--all-contexts and --context cannot be used together")
			case all:
				contexts = kubeconfig.Contexts()
			case len(contexts) == 0:
				return usagef("name contexts with --context, or take them all with --all-contexts")
			}
			var clusters []fleet.Cluster
			for _, context := range contexts {
				server, err := kubeconfig.Server(context)
				if err != nil {
					return usage(err)
				}
				clusters = append(clusters, fleet.Cluster{Context: context, Server: server})
			}
			primary, _, err := t.login(&fleet.Fleet{})
			if err != nil {
				return err
			}
			providers, err := primary.Providers(cmd.Context())
			if err != nil {
				return err
			}
			found, notes := fleet.Discover(primary.URL(), clusters, providers)
			if output.format == "yaml" {
				return writeFleet(env, found, notes)
			}
			for _, note := range notes {
				_, _ = fmt.Fprintln(env.ErrOut, "note: "+printer.Escape(note))
			}
			return documents.Print(&found)
		},
	}
	cmd.Flags().StringArrayVar(&t.flags.Contexts, "context", nil, "kubeconfig context to look at (repeatable)")
	cmd.Flags().BoolVar(&all, "all-contexts", false, "look at every context of the kubeconfig")
	t.addPrimaryTo(cmd.Flags())
	output.addTo(cmd)
	return cmd
}

// writeFleet prints a Fleet whose comments lead editors to its schema, and say
// what is left to fill in and what was left out. Whoever sends it to a file also
// sees the latter on the terminal.
func writeFleet(env Environment, found v1alpha1.Fleet, notes []string) error {
	comments := []string{"yaml-language-server: $schema=" + v1alpha1.SchemaFolder + "fleet.json"}
	for _, note := range notes {
		comment := printer.Escape(note)
		comments = append(comments, comment)
		if !isTerminal(env.Out) {
			_, _ = fmt.Fprintln(env.ErrOut, "note: "+comment)
		}
	}
	data, err := fleet.Encode(found, comments...)
	if err != nil {
		return err
	}
	if isTerminal(env.Out) {
		data = []byte(printer.Escape(string(data)))
	}
	_, err = env.Out.Write(data)
	return err
}
