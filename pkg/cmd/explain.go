package cmd

import (
	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

func newExplain(env Environment) *cobra.Command {
	cmd := documented("explain [CHECK]")
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offer(checkIDs(), nil, typed)
	}
	printer := outputFlag(env, cmd, new(string))
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		show, err := printer()
		if err != nil {
			return err
		}
		list, err := explained(args)
		if err != nil {
			return err
		}
		return show(list)
	}
	return cmd
}

func explained(args []string) (*v1alpha1.CheckList, error) {
	list := &v1alpha1.CheckList{}
	if len(args) > 1 {
		return nil, usagef("explain takes one check, not %d", len(args))
	}
	for _, check := range health.All() {
		if len(args) == 0 || check.Info.ID == args[0] {
			list.Items = append(list.Items, check.Info)
		}
	}
	if len(list.Items) == 0 {
		return nil, usagef("there is no check %q%s; `kubectl coder-satellite explain` lists them", args[0], suggest.DidYouMean(args[0], checkIDs()))
	}
	return list, nil
}

func checkIDs() []string {
	return each(health.All(), func(_ int, check health.Check) string { return check.Info.ID })
}
