package cmd

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

func newVersion(env Environment) *cobra.Command {
	t := &targets{env: env}
	var (
		output  output
		primary bool
	)
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the plugin's version",
		Long:  `Print the plugin's version and, with --primary, the primary's.`,
		Example: examples(`
# The plugin's own
kubectl coder-satellite version

# The primary's too, for a script
kubectl coder-satellite version --primary -o json`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			printer, err := output.printer(env)
			if err != nil {
				return err
			}
			info := &v1alpha1.VersionInfo{
				TypeMeta:  metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindVersionInfo},
				Version:   env.version(),
				Commit:    env.Build.Commit,
				GoVersion: runtime.Version(),
				Platform:  runtime.GOOS + "/" + runtime.GOARCH,
			}
			if primary {
				client, _, err := t.login(&fleet.Fleet{})
				if err != nil {
					return err
				}
				version, err := client.Version(cmd.Context())
				if err != nil {
					return err
				}
				info.Primary = &v1alpha1.Primary{URL: client.URL(), Version: version.String()}
			}
			return printer.Print(info)
		},
	}
	cmd.Flags().BoolVar(&primary, "primary", false, "ask the primary for its version, too")
	t.addPrimaryTo(cmd.Flags())
	output.addTo(cmd)
	return cmd
}

// version is what the linker was told, else what the module was built as.
func (e Environment) version() string {
	module := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		module = info.Main.Version
	}
	return cmp.Or(e.Build.Version, module, "(devel)")
}
