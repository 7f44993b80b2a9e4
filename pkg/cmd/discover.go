package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

type discoverOptions struct {
	documentOptions
	contexts []string // empty for all of the kubeconfig
}

func newDiscover(env Environment, run func(context.Context, discoverOptions) error) *cobra.Command {
	cmd := documented("discover")
	var o discoverOptions
	check := o.addTo(env, cmd, needs{})
	cmd.Flags().StringArrayVar(&o.contexts, "context", nil, "kubeconfig context to include (repeatable)")
	all := cmd.Flags().Bool("all-contexts", false, "include every context of the kubeconfig")
	return verb(cmd, run, &o, func() error {
		return errors.Join(check(), refuse(*all && len(o.contexts) > 0, "--all-contexts and --context cannot be used together"),
			refuse(!*all && len(o.contexts) == 0, "name contexts with --context, or take them all with --all-contexts"))
	})
}

func runDiscover(ctx context.Context, o discoverOptions) error {
	clusters, err := o.clusters()
	if err != nil {
		return usage(err)
	}
	c, err := o.connect()
	if err != nil {
		return err
	}
	providers, err := c.primary.Providers(ctx)
	if err != nil {
		return err
	}
	// YAML has comments: they point editors to the schema and say what to fill in and what was left out
	commented := o.format == "" || o.format == "yaml"
	found, notes := fleet.Discover(c.primary.URL(), clusters, providers)
	if commented {
		_, _ = fmt.Fprintln(o.env.Out, "# yaml-language-server: $schema="+v1alpha1.SchemaFolder+"fleet.json")
	}
	for _, note := range notes {
		note = strings.ReplaceAll(printer.Escape(note), "\n", " ") // a line break ends a comment
		if commented {
			_, _ = fmt.Fprintln(o.env.Out, "# "+note)
		}
		if !commented || !isTerminal(o.env.Out) { // also show them where the document goes to a file
			_, _ = fmt.Fprintln(o.env.ErrOut, "note: "+note)
		}
	}
	return o.print(&found)
}

func (o *discoverOptions) clusters() ([]fleet.Cluster, error) {
	kubeconfig, err := cluster.LoadKubeconfig(o.kubeconfig)
	if err != nil {
		return nil, err
	}
	contexts := o.contexts
	if len(contexts) == 0 {
		contexts = kubeconfig.Contexts()
	}
	var clusters []fleet.Cluster
	for _, name := range contexts {
		server, err := kubeconfig.Server(name)
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, fleet.Cluster{Context: name, Server: server})
	}
	return clusters, nil
}
