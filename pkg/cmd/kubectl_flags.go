package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// noLimit is the time for a request without a limit; clients need a number.
const noLimit = 365 * 24 * time.Hour

// newKubectlFlags returns kubectl's flags for the clusters, with kubectl's words; only
// some make sense for a verb that connects to none.
func newKubectlFlags(clusters bool) *genericclioptions.ConfigFlags {
	flags := &genericclioptions.ConfigFlags{KubeConfig: new(string), Timeout: new("20s")}
	if clusters {
		flags.CacheDir, flags.ClusterName, flags.AuthInfoName, flags.TLSServerName = new(string), new(string), new(string), new(string)
		flags.Impersonate, flags.ImpersonateUID = new(string), new(string)
		flags.ImpersonateGroup, flags.ImpersonateUserExtra = new([]string), new([]string)
	}
	return flags
}

// complete sets what kubectl's flags say, and notes those that the commands to type
// next must repeat.
func (t *targets) complete(flags *genericclioptions.ConfigFlags) (err error) {
	t.kubeconfig = *flags.KubeConfig
	t.flags.Further = []string{"--kubeconfig", t.kubeconfig, "--coder-token-file", t.tokenFile}
	t.requestTimeout, err = clientcmd.ParseTimeout(*flags.Timeout)
	switch {
	case err != nil || t.requestTimeout < 0:
		err = usagef("--request-timeout is %q: it must be a number of seconds or a time like 5s or 2m; 0 for no limit", *flags.Timeout)
	case t.requestTimeout == 0:
		t.requestTimeout = noLimit
	}
	if flags.Impersonate == nil {
		return err
	}
	t.cacheDir = *flags.CacheDir
	user := &t.overrides.AuthInfo
	user.Impersonate, user.ImpersonateUID, user.ImpersonateGroups = *flags.Impersonate, *flags.ImpersonateUID, *flags.ImpersonateGroup
	for _, extra := range *flags.ImpersonateUserExtra {
		key, value, ok := strings.Cut(extra, "=")
		if !ok || key == "" {
			err = errors.Join(err, usagef("--as-user-extra %q: want KEY=VALUE", extra))
		}
		if user.ImpersonateUserExtra == nil {
			user.ImpersonateUserExtra = make(map[string][]string)
		}
		user.ImpersonateUserExtra[key] = append(user.ImpersonateUserExtra[key], value)
	}
	if further := len(user.ImpersonateGroups) + len(user.ImpersonateUserExtra); user.Impersonate == "" && (further > 0 || user.ImpersonateUID != "") {
		err = errors.Join(err, usagef("--as-uid, --as-group and --as-user-extra need --as, the user to impersonate"))
	}
	t.overrides.Context.Cluster, t.overrides.Context.AuthInfo = *flags.ClusterName, *flags.AuthInfoName
	t.overrides.ClusterInfo.TLSServerName = *flags.TLSServerName
	given := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.AddFlags(given)
	for _, name := range []string{"as", "as-uid", "as-group", "as-user-extra", "cluster", "user", "tls-server-name"} {
		values := []string{given.Lookup(name).Value.String()}
		if several, ok := given.Lookup(name).Value.(pflag.SliceValue); ok {
			values = several.GetSlice()
		}
		for _, value := range values {
			if value != "" {
				t.flags.Further = append(t.flags.Further, "--"+name, value)
			}
		}
	}
	return err
}

// oneCluster refuses flags that say what is true of one cluster only, for regions in several.
func (t *targets) oneCluster(regions []fleet.Region) error {
	var contexts []string
	for _, region := range regions {
		if !region.Satellite.None() {
			contexts = append(contexts, region.Satellite.Context)
		}
		for _, provider := range slices.Concat(region.Providers, region.Others) {
			contexts = append(contexts, provider.Context)
		}
	}
	slices.Sort(contexts)
	contexts = slices.Compact(contexts)
	var errs []error
	for _, flag := range [][2]string{
		{"--cluster", t.overrides.Context.Cluster}, {"--user", t.overrides.Context.AuthInfo}, {"--tls-server-name", t.overrides.ClusterInfo.TLSServerName},
	} {
		if flag[1] != "" && len(contexts) > 1 {
			errs = append(errs, fmt.Errorf("%s: one value cannot serve %d contexts (%s, ...): choose one region with --region, or write contexts into the kubeconfig",
				flag[0], len(contexts), contexts[0]))
		}
	}
	return errors.Join(errs...)
}

// filename is the value of -f: a file that is named once.
type filename string

func (f *filename) String() string { return string(*f) }
func (f *filename) Type() string   { return "string" }

// Set refuses what is no file's name.
func (f *filename) Set(name string) error {
	switch {
	case name == "":
		return errors.New("name a file, or - for standard input")
	case *f != "":
		return errors.New("given twice, and a fleet is one file: put all regions into it")
	case strings.Contains(name, "://"):
		return errors.New("URLs are not read: download it first, or pipe it, as in `curl -fsS URL | kubectl coder-satellite ... -f -`")
	}
	*f = filename(name)
	return nil
}

// dryRun is the value of --dry-run with kubectl's meaning: alone, it is client.
type dryRun bool

func (d *dryRun) String() string { return map[dryRun]string{true: "client", false: "none"}[*d] }
func (d *dryRun) Type() string   { return "string" }

// Set refuses a dry run of the API server.
func (d *dryRun) Set(text string) error {
	switch text {
	case "client", "true", "none", "false":
		*d = text == "client" || text == "true"
		return nil
	case "server":
		return errors.New("an API server cannot try out what happens at the primary and to workspaces; client shows all that would be done, and writes nothing")
	default:
		return errors.New(`must be "none" or "client"`)
	}
}

// addDryRun defines --dry-run.
func addDryRun(f *pflag.FlagSet, on *bool, usage string) {
	f.Var((*dryRun)(on), "dry-run", usage)
	f.Lookup("dry-run").NoOptDefVal = "client"
}
