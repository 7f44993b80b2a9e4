package cmd

import (
	"cmp"
	"context"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

type versionOptions struct {
	documentOptions
	primary bool // also ask the primary for its version
}

func newVersion(env Environment, run func(context.Context, versionOptions) error) *cobra.Command {
	cmd := documented("version")
	var o versionOptions
	cmd.Flags().BoolVar(&o.primary, "primary", false, "also ask the primary for its version")
	return verb(cmd, run, &o, o.addTo(env, cmd, needs{}))
}

func runVersion(ctx context.Context, o versionOptions) error {
	info := o.env.versionInfo()
	if o.primary {
		c, err := o.connect()
		if err != nil {
			return err
		}
		version, err := c.primary.Version(ctx)
		if err != nil {
			return err
		}
		info.Primary = &v1alpha1.Primary{URL: c.primary.URL(), Version: version.String()}
	}
	return o.print(info)
}

func (e Environment) versionInfo() *v1alpha1.VersionInfo {
	return &v1alpha1.VersionInfo{
		Version: e.version(), Commit: e.Build.Commit, GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
}

func (e Environment) version() string {
	module := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		module = info.Main.Version
	}
	return cmp.Or(e.Build.Version, module, "(devel)")
}
