package cmd

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// completeRegions offers the regions of the Fleet file that -f names, but for
// those that were given already. The files that the Fleet names need not exist yet.
func completeRegions(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []string
	for _, region := range typedFleet(cmd).Regions {
		names = append(names, region.Name)
	}
	return offer(names, flagValues(cmd, "region"), typed)
}

// typedFleet returns the Fleet that the command line names so far; an empty one
// if there is none, or none that can be read. Standard input is the shell's.
func typedFleet(cmd *cobra.Command) *v1alpha1.Fleet {
	name := flagValue(cmd, "filename")
	if name == "" || name == fleet.Stdin {
		return &v1alpha1.Fleet{}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return &v1alpha1.Fleet{}
	}
	found, err := fleet.Decode(name, data)
	if err != nil {
		return &v1alpha1.Fleet{}
	}
	return found
}
