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

// noLimit stands for no limit on a request; clients need a number.
const noLimit = 365 * 24 * time.Hour

// addKubectlTo defines kubectl's flags; a verb that connects to no cluster takes only the first two. The result reads them.
func (t *targets) addKubectlTo(f *pflag.FlagSet) func() error {
	timeout, extras, o, user := "20s", []string{}, &t.overrides, &t.overrides.AuthInfo
	flags := &genericclioptions.ConfigFlags{KubeConfig: &t.kubeconfig, Timeout: &timeout}
	if t.needs.regions {
		flags.CacheDir, flags.ClusterName, flags.AuthInfoName, flags.TLSServerName = &t.cacheDir, &o.Context.Cluster, &o.Context.AuthInfo, &o.ClusterInfo.TLSServerName
		flags.Impersonate, flags.ImpersonateUID, flags.ImpersonateGroup = &user.Impersonate, &user.ImpersonateUID, &user.ImpersonateGroups
		flags.ImpersonateUserExtra = &extras
	}
	flags.AddFlags(f)
	return func() (err error) {
		t.requestTimeout, err = clientcmd.ParseTimeout(timeout)
		if err != nil || t.requestTimeout < 0 {
			return usagef("--request-timeout is %q: it must be a number of seconds or a time like 5s or 2m; 0 for no limit", timeout)
		}
		if t.requestTimeout == 0 {
			t.requestTimeout = noLimit
		}
		for _, extra := range extras {
			key, value, ok := strings.Cut(extra, "=")
			if !ok {
				return usagef("--as-user-extra %q: want KEY=VALUE", extra)
			}
			if user.ImpersonateUserExtra == nil {
				user.ImpersonateUserExtra = make(map[string][]string)
			}
			user.ImpersonateUserExtra[key] = append(user.ImpersonateUserExtra[key], value)
		}
		return nil
	}
}

// repeated returns the given flags, with their values, that suggested commands must repeat.
func repeated(f *pflag.FlagSet) (pairs []string) {
	names := []string{"kubeconfig", "coder-token-file", "as", "as-uid", "as-group", "as-user-extra", "cluster", "user", "tls-server-name"}
	f.Visit(func(flag *pflag.Flag) {
		if !slices.Contains(names, flag.Name) || flag.Annotations[commonFlag] == nil {
			return
		}
		values := []string{flag.Value.String()}
		if several, ok := flag.Value.(pflag.SliceValue); ok {
			values = several.GetSlice()
		}
		for _, value := range values {
			pairs = append(pairs, "--"+flag.Name, value)
		}
	})
	return pairs
}

// oneCluster refuses flags that fit one context only when the regions have several.
func (t *targets) oneCluster(regions []fleet.Region) (err error) {
	contexts := make(map[string]bool)
	for _, region := range regions {
		contexts[region.Satellite.Context] = !region.Satellite.None()
		for _, provider := range slices.Concat(region.Providers, region.Others) {
			contexts[provider.Context] = true
		}
	}
	delete(contexts, "")
	for name, value := range map[string]string{
		"cluster": t.overrides.Context.Cluster, "user": t.overrides.Context.AuthInfo, "tls-server-name": t.overrides.ClusterInfo.TLSServerName,
	} {
		if value != "" && len(contexts) > 1 {
			err = errors.Join(err, fmt.Errorf("--%s: one value cannot serve %d contexts: choose one region, or write it into the kubeconfig", name, len(contexts)))
		}
	}
	return err
}

// filename is the value of -f: one file.
type filename string

func (f *filename) String() string { return string(*f) }
func (f *filename) Type() string   { return "string" }

func (f *filename) Set(name string) error {
	switch {
	case name == "":
		return errors.New("name a file, or - for standard input")
	case *f != "" && *f != filename(name): // a completion parses its flags twice
		return errors.New("given twice, and a fleet is one file: put all regions into it")
	case strings.Contains(name, "://"):
		return errors.New("URLs are not read: download it first, or pipe it, as in `curl -fsS URL | kubectl coder-satellite ... -f -`")
	}
	*f = filename(name)
	return nil
}

// dryRun is the value of --dry-run as in kubectl: without a value, it is client.
type dryRun bool

func (d *dryRun) String() string { return map[dryRun]string{true: "client", false: "none"}[*d] }
func (d *dryRun) Type() string   { return "string" }

func (d *dryRun) Set(text string) error {
	switch *d = text == "client" || text == "true"; text {
	case "client", "true", "none", "false":
		return nil
	case "server":
		return errors.New("an API server cannot try out what happens at the primary and to workspaces; client shows it all, and writes nothing")
	default:
		return errors.New(`must be "none" or "client"`)
	}
}

func addDryRun(f *pflag.FlagSet, on *bool) {
	f.Var((*dryRun)(on), "dry-run", `"client" shows what would be done and changes nothing; or "none"`)
	f.Lookup("dry-run").NoOptDefVal = "client"
}
