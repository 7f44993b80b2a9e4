package cmd

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// needs describes the verb to targets. The zero value suits a verb that talks to the primary alone.
type needs struct {
	regions    bool   // it works on regions, named by file or by context
	accessURL  bool   // every region must have its access URL
	chart      bool   // it takes the flags of the satellite's chart
	reports    bool   // it writes reports
	plans      bool   // it plans changes
	changes    bool   // it makes changes, in several regions at once
	switches   bool   // it switches Networking v2, which affects running workspaces
	measures   bool   // it may measure what users notice meanwhile
	workspaces bool   // its progress is about workspaces rather than regions
	reason     bool   // it records why it was run
	paced      bool   // it waits for what the Fleet's waves ask
	inTurn     bool   // it visits one region after another
	exits      string // its exit codes beside those of every verb that connects
}

// targets holds the flags that choose the regions and the primary: all that connect needs.
type targets struct {
	env             Environment
	needs           needs
	flags           fleet.Flags
	kubeconfig      string
	tokenFile       string
	overrides       clientcmd.ConfigOverrides // what kubectl's flags change in the kubeconfig's contexts
	cacheDir        string                    // where discovery is cached; empty for kubectl's folder
	verbosity       int                       // klog's level
	quiet           bool                      // without progress
	requestTimeout  time.Duration
	concurrency     int  // regions to read at once; 0 for as many as the machine allows
	skipUnreachable bool // leave out regions with a cluster that does not answer
}

// addTo defines the flags. The result checks them without reading a file; fleet.Flags checks the regions.
func (t *targets) addTo(env Environment, cmd *cobra.Command, verb needs) func() error {
	f := cmd.Flags()
	t.env, t.needs, t.flags.AccessURLOptional, t.flags.Changes, t.flags.Paced = env, verb, !verb.accessURL, verb.changes, verb.paced
	cmd.Annotations = map[string]string{exitCodes: fmt.Sprintf("%s %d %d", verb.exits, exitPreflightFailed, exitInterrupted)}
	common := pflag.NewFlagSet("", pflag.ContinueOnError)
	kubectl := t.addKubectlTo(common)
	t.addPrimaryTo(common)
	if verb.regions {
		t.addRegionsTo(common)
	}
	common.VisitAll(func(flag *pflag.Flag) { flag.Annotations = map[string][]string{commonFlag: {}} })
	f.AddFlagSet(common) // except what the verb has under the same name
	if verb.chart {
		t.addChartTo(f)
	}
	var maxFailures int
	if verb.plans || verb.changes {
		f.BoolVar(&t.skipUnreachable, "skip-unreachable", false, "leave out every region with a cluster that does not answer, and exit with 3")
	}
	if verb.changes {
		f.IntVar(&t.flags.MaxParallel, "max-parallel", 0, "regions to work on at once (default 10, or what the Fleet says)")
		f.IntVar(&maxFailures, "max-failures", 0, "how many regions may fail before no more are started")
	}
	return func() error {
		bad := kubectl()
		t.flags.Further = repeated(f)
		if f.Changed("max-failures") {
			t.flags.MaxFailures = &maxFailures
		}
		return errors.Join(bad,
			refuse(t.concurrency < 0 || f.Changed("concurrency") && t.concurrency == 0, "--concurrency: is %d, must be 1 or more", t.concurrency),
			refuse(t.verbosity < 0 || t.verbosity > maxVerbosity, "--v is %d: it must be from 0 to %d; a higher level would log whole answers, "+
				"and Secrets with them", t.verbosity, maxVerbosity))
	}
}

func (t *targets) addRegionsTo(f *pflag.FlagSet) {
	f.VarP((*filename)(&t.flags.Filename), "filename", "f", "Fleet file that describes the regions; - for standard input")
	f.StringArrayVar(&t.flags.Regions, "region", nil, "only these regions of the Fleet file: a name, a pattern like 'eu-*', or a list with commas (repeatable)")
	f.StringVarP(&t.flags.Selector, "selector", "l", "", "only regions of the Fleet file with these labels: KEY=VALUE, KEY!=VALUE, 'KEY in (A,B)'")
	f.StringVar(&t.flags.Wave, "wave", "", "only the regions of this wave of the Fleet file")
	f.StringArrayVar(&t.flags.Exclude, "exclude", nil, "not these regions, named as for --region (repeatable)")
	f.StringVar(&t.flags.Shard, "shard", "", "INDEX/COUNT: only this part of the selected regions, such as 0/3, 1/3 and 2/3 on three machines; to change regions, of one wave")
	if !t.needs.inTurn {
		f.IntVar(&t.concurrency, "concurrency", 0, "regions to read at once (default 120, fewer on a busy machine or with few open files allowed)")
	}
	f.StringArrayVar(&t.flags.Contexts, "context", nil, "kubeconfig context of a region (repeatable)")
	f.StringVarP(&t.flags.Namespace, "namespace", "n", "", `namespace of the satellite (default "coder-satellite")`)
	f.StringVar(&t.flags.Release, "release", "", `Helm release of the satellite (default "coder-satellite")`)
	f.StringVar(&t.flags.AccessURL, "access-url", "", "URL where users will reach the satellite, https://...")
	f.StringVar(&t.flags.UnifiedURL, "unified-url", "", "URL that all satellites serve beside their own (GeoDNS), https://...; needs "+
		"Coder and a chart of 1.28 or later")
	f.StringArrayVar(&t.flags.Providers, "provider", nil, "name or ID of a workspace provider (repeatable; default: matched by cluster address); with -f, select only this provider")
	f.StringArrayVar(&t.flags.ProviderContexts, "provider-context", nil, "NAME=CONTEXT, for a provider in another cluster than the satellite (repeatable)")
	f.StringVar(&t.flags.Satellite, "satellite", "", `what installs the satellite: "flux", "argocd", or "helm" (this plugin); "none" for a region without one, whose users connect `+
		"through the primary (default: found, or the plugin)")
	f.StringVar(&t.flags.ConnectTo, "connect-to", "", "HOST:PORT to connect to instead of the address that DNS has for the access URL")
	f.StringVar(&t.flags.Canary, "canary", "", `workspace to rebuild as a test: its name, "auto" or "none" (default "auto")`)
}

func (t *targets) addPrimaryTo(f *pflag.FlagSet) {
	f.StringVar(&t.flags.CoderURL, "coder-url", "", "the primary's URL (default: $CODER_URL, else the Coder CLI's login)")
	f.StringVar(&t.tokenFile, "coder-token-file", "", "file with a session token (default: $CODER_TOKEN, else the Coder CLI's login)")
	f.StringVar(&t.flags.CAFile, "coder-ca-file", "", "PEM file of certificate authorities to trust for Coder besides the system's")
	f.BoolVarP(&t.quiet, "quiet", "q", false, "show no progress, except what you must do yourself")
	f.IntVarP(&t.verbosity, "v", "v", 0, "log level, 0 to 7; 6 shows each HTTP request, never its tokens or content")
}

func (t *targets) addChartTo(f *pflag.FlagSet) {
	f.StringVar(&t.flags.Chart, "chart", "", "chart of the satellite: folder, .tgz, oci:// reference or name in --repo")
	f.StringVar(&t.flags.Repo, "repo", "", "URL of the chart repository; credentials and certificates are those that helm repo add stored for it")
	f.StringVar(&t.flags.ChartVersion, "chart-version", "", "version of the chart (default: the primary's)")
	f.StringArrayVar(&t.flags.ValueFiles, "values", nil, "Helm values file (repeatable)")
	f.StringArrayVar(&t.flags.Sets.Values, "set", nil, "Helm value KEY=VALUE (repeatable)")
	f.StringArrayVar(&t.flags.Sets.StringValues, "set-string", nil, "Helm value KEY=VALUE whose value is a string (repeatable)")
	f.StringArrayVar(&t.flags.Sets.FileValues, "set-file", nil, "Helm value KEY=FILE whose value is the file's content (repeatable)")
	f.StringArrayVar(&t.flags.Sets.JSONValues, "set-json", nil, "Helm value KEY=JSON (repeatable)")
}
