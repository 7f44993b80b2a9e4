package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/report"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

type bundleOptions struct {
	targets
	names   []string      // further files to pack
	to      string        // the archive; empty for one named after the time
	timeout time.Duration // for the facts of a region, from when its turn comes
}

func newSupportBundle(env Environment, run func(context.Context, bundleOptions) error) *cobra.Command {
	cmd := documented("support-bundle")
	var o bundleOptions
	check := o.addTo(env, cmd, needs{regions: true})
	cmd.Flags().StringVar(&o.to, "to", "", "file to write, readable by you alone; never overwritten (default coder-satellite-support-TIME.tar.gz)")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 30*time.Second, "time for the facts of a region; what is not known by then is missing")
	cmd.Flags().StringArrayVar(&o.names, "add", nil, "further file to pack, up to 64 MiB (repeatable)")
	return verb(cmd, run, &o, func() error { return errors.Join(check(), positive("--timeout", o.timeout)) })
}

// runSupportBundle packs what can be collected: whoever needs help may have no login.
func runSupportBundle(ctx context.Context, o bundleOptions) (err error) {
	b := &report.Bundle{Made: o.env.Clock.Now()}
	if err := o.collect(ctx, b); err != nil {
		return err
	}
	o.to = cmp.Or(o.to, "coder-satellite-support-"+b.Made.UTC().Format("20060102-150405")+".tar.gz")
	file, err := os.OpenFile(o.to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return usagef("cannot make the bundle, and nothing is overwritten: name another file with --to: %w", err)
	}
	if err := errors.Join(b.Write(file), file.Close()); err != nil {
		return errors.Join(err, os.Remove(o.to))
	}
	_, err = io.WriteString(o.env.Out, b.Index+"Wrote "+printer.Escape(o.to)+".\n")
	return err
}

// collect adds what is known of the regions and the primary, and the operator's files.
func (o *bundleOptions) collect(ctx context.Context, b *report.Bundle) error {
	add := func(name, what string, document runtime.Object) {
		var text bytes.Buffer
		err := printJSON(document, &text)
		b.Add(name, what, text.String(), err)
	}
	info := o.env.versionInfo()
	c, err := o.connect()
	if code, _ := ExitCode(err); code == exitUsage {
		return err // a mistake of the command line's
	} else if err != nil {
		b.Add("status.json, history.json", "the regions", "", err)
	} else {
		regions, err := c.survey.Collect(ctx, o.timeout, snapshot.CheckItems()...)
		primary := c.survey.Primary(ctx).Document()
		if err := cmp.Or(interrupted(ctx), err); err != nil {
			return err
		}
		info.Primary = &primary
		status := health.NewStatusReport(primary, regions, health.ExpectMigrated, b.Made)
		add("status.json", "the checks of every region", status)
		add("history.json", "the runs that journals record", health.NewHistory(primary, regions))
		var versions strings.Builder
		for i, views := range regions {
			for _, view := range views {
				fmt.Fprintf(&versions, "%s: Kubernetes %s\n", view.Declared.Context, cmp.Or(view.ProviderCluster.Value().Version, "of unknown version"))
			}
			for _, check := range status.Regions[i].Checks {
				if check.State == v1alpha1.CheckUnknown {
					b.Add(check.ID, status.Regions[i].Name, "", errors.New(check.Message))
				}
			}
		}
		b.Add("clusters.txt", "versions of the clusters", versions.String(), nil)
	}
	add("version.json", "versions of the plugin and of the primary", info)
	if o.flags.Filename != "" && o.flags.Filename != fleet.Stdin {
		o.names = append(o.names, o.flags.Filename)
	}
	for _, name := range o.names {
		data, err := o.env.read(name, maxDocument)
		b.Add("files/"+strings.NewReplacer("/", "_", `\`, "_", ":", "_").Replace(name), "a file of yours", string(data), err)
	}
	return nil
}
