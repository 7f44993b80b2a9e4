package cmd

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// targets are the flags that say which regions, and which primary.
type targets struct {
	env        Environment
	flags      fleet.Flags
	kubeconfig string
	tokenFile  string
	// requestTimeout bounds each request.
	requestTimeout time.Duration
	// current tells that no context was named and the current one is used.
	current bool
}

// positive refuses a time of a flag that leaves none.
func positive(flag string, value time.Duration) error {
	if value <= 0 {
		return usagef("%s is %s: it must be more than 0", flag, value)
	}
	return nil
}

// addTo defines the flags that name regions.
func (t *targets) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&t.flags.Filename, "filename", "f", "", "Fleet file that describes the regions; - for standard input")
	f.StringArrayVar(&t.flags.Regions, "region", nil, "only this region of the Fleet file (repeatable)")
	f.StringArrayVar(&t.flags.Contexts, "context", nil, "kubeconfig context of a region (repeatable); goes after the verb, as kubectl takes no flags before a plugin's name")
	f.StringVarP(&t.flags.Namespace, "namespace", "n", "", `namespace of the satellite (default "coder-satellite")`)
	f.StringVar(&t.flags.Release, "release", "", `Helm release of the satellite (default "coder-satellite")`)
	f.StringVar(&t.flags.AccessURL, "access-url", "", "URL where users will reach the satellite, https://...")
	f.StringVar(&t.flags.UnifiedURL, "unified-url", "", "URL that all satellites serve beside their own (GeoDNS), https://...; needs "+
		"Coder and a chart of 1.28 or later")
	f.StringVar(&t.flags.Provider, "provider", "", "name or ID of the workspace provider (default: matched by cluster address)")
	f.StringVar(&t.flags.ConnectTo, "connect-to", "", "HOST:PORT to connect to instead of what DNS says for the access URL")
	f.StringVar(&t.flags.Canary, "canary", "", `workspace to rebuild as a proof: its name, "auto" or "none" (default "auto")`)
	t.addPrimaryTo(f)
}

// addPrimaryTo defines the flags that name the primary and the kubeconfig.
func (t *targets) addPrimaryTo(f *pflag.FlagSet) {
	f.StringVar(&t.kubeconfig, "kubeconfig", "", "kubeconfig file (default: as kubectl)")
	f.StringVar(&t.flags.CoderURL, "coder-url", "", "the primary's URL (default: $CODER_URL, else the Coder CLI's login)")
	f.StringVar(&t.tokenFile, "coder-token-file", "", "file with a session token (default: $CODER_TOKEN, else the Coder CLI's login)")
	f.DurationVar(&t.requestTimeout, "request-timeout", 20*time.Second, "time for one request, to a cluster or to Coder")
	f.StringVar(&t.flags.CAFile, "coder-ca-file", "", "PEM file of certificate authorities to trust for Coder besides the system's")
}

// addChartTo defines the flags that say what to install.
func (t *targets) addChartTo(f *pflag.FlagSet) {
	f.StringVar(&t.flags.Chart, "chart", "", "chart of the satellite: folder, .tgz, oci:// reference or name in --repo")
	f.StringVar(&t.flags.Repo, "repo", "", "URL of the chart repository")
	f.StringVar(&t.flags.ChartVersion, "chart-version", "", "version of the chart (default: the primary's)")
	f.StringArrayVar(&t.flags.ValueFiles, "values", nil, "Helm values file (repeatable)")
	f.StringArrayVar(&t.flags.Sets, "set", nil, "Helm value KEY=VALUE (repeatable)")
}
