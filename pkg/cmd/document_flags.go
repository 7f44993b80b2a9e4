package cmd

import "github.com/spf13/cobra"

// documentFlags are the flags of a verb that prints a document about its targets.
type documentFlags struct {
	targets targetFlags
	output  output
}

func (f *documentFlags) addTo(cmd *cobra.Command, verb needs) {
	f.targets.addTo(cmd.Flags(), verb)
	f.output.addTo(cmd)
}

// documentOptions is the complete value of these flags.
type documentOptions struct {
	targets
	documents *documents
}

// options checks the flags and returns their value. The format comes first: one
// that does not exist must be refused before the work.
func (f *documentFlags) options(env Environment) (documentOptions, error) {
	documents, err := f.output.printer(env)
	if err != nil {
		return documentOptions{}, err
	}
	targets, err := f.targets.options(env)
	return documentOptions{targets: targets, documents: documents}, err
}
