package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	// names are files to pack, too.
	names []string
	// to is the archive; empty for one named after the time.
	to string
	// timeout bounds the facts of a region, from when its turn comes.
	timeout time.Duration
}

func newSupportBundle(env Environment, run func(context.Context, bundleOptions) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "support-bundle [FILE...]",
		Short: "Pack what somebody who helps you needs to know",
		Long: `Pack, for somebody who helps you: the status of every region, the runs that the journals
record, versions, the shape of the fleet, and the files that you name, such as those of
--events, logs, and evidence of failures. Secrets are taken out; host names and e-mail
addresses are not, so read the list that is printed before you pass the archive on. What
could not be collected is listed with the reason. Nothing is changed, and nothing is sent.`,
		Example: examples(`
# Everything about a fleet
kubectl coder-satellite support-bundle -f fleet.yaml

# With a file of yours, to a name of yours
kubectl coder-satellite support-bundle -f fleet.yaml common.yaml --to bundle.tar.gz`),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
	}
	var o bundleOptions
	check := o.addTo(env, cmd, needs{regions: true})
	cmd.Flags().StringVar(&o.to, "to", "", "file to write, readable by you alone; never overwritten (default coder-satellite-support-TIME.tar.gz)")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 30*time.Second, "time for the facts of a region; what is not known by then is missing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.names = args
		if err := errors.Join(check(), positive("--timeout", o.timeout)); err != nil {
			return err
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

// runSupportBundle packs what can be collected. A command line that cannot be meant is the
// only failure beside one to write: whoever needs help may have no login.
func runSupportBundle(ctx context.Context, o bundleOptions) (err error) {
	c, failed := o.connect()
	if code, _ := ExitCode(failed); code == exitUsage {
		return failed
	}
	b := &report.Bundle{Made: o.env.Clock.Now()}
	o.to = cmp.Or(o.to, "coder-satellite-support-"+b.Made.UTC().Format("20060102-150405")+".tar.gz")
	file, err := os.OpenFile(o.to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usagef("%s is there already: name another file with --to", o.to)
	} else if err != nil {
		return usage(err)
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			_ = os.Remove(o.to)
		}
	}()
	info := o.env.versionInfo()
	if failed != nil {
		b.Add("status.json, history.json, fleet.json", "the regions", "", failed)
	} else if err := o.collect(ctx, c, b, info); err != nil {
		return err
	}
	addDocument(b, "version.json", "versions of the plugin and of the primary", info)
	for _, name := range o.names {
		data, err := fleet.Read(name, o.env.In, maxDocument)
		b.Add("files/"+strings.ReplaceAll(filepath.ToSlash(filepath.Clean(name)), "/", "_"), "a file of yours", string(data), err)
	}
	if err := b.Write(file); err != nil {
		return err
	}
	_, err = io.WriteString(o.env.Out, b.Index()+"\nWrote "+printer.Escape(o.to)+".\n")
	return err
}

// collect adds what is known of the regions, and of the primary.
func (o *bundleOptions) collect(ctx context.Context, c *connection, b *report.Bundle, info *v1alpha1.VersionInfo) error {
	regions, err := c.survey.Collect(ctx, o.timeout, snapshot.CheckItems()...)
	primary := c.survey.Primary(ctx).Document()
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	info.Primary = &primary
	history := health.NewHistory(primary, regions)
	addDocument(b, "status.json", "the checks of every region", health.NewStatusReport(primary, regions, health.ExpectMigrated, b.Made))
	addDocument(b, "history.json", "the runs that journals record", history)
	addDocument(b, "fleet.json", "the regions, without values", shapeOf(c.fleet))
	for _, region := range history.Regions {
		for _, run := range region.Runs {
			if run.Operation == "" && run.Error != "" {
				b.Add("history.json", "journal of "+region.Name+" at "+strings.Join(run.Places, ", "), "", errors.New(run.Error))
			}
		}
	}
	var versions strings.Builder
	for _, views := range regions {
		for _, view := range views {
			version, known := view.ProviderCluster.Get()
			if !known {
				b.Add("clusters.txt", "cluster "+view.Declared.Context, "", view.ProviderCluster.Err())
				continue
			}
			fmt.Fprintf(&versions, "%s: Kubernetes %s\n", view.Declared.Context, version.Version)
		}
	}
	b.Add("clusters.txt", "versions of the clusters", versions.String(), nil)
	return nil
}

// addDocument adds a document as -o json prints it.
func addDocument(b *report.Bundle, name, what string, document runtime.Object) {
	var text bytes.Buffer
	p, err := printer.New("json", printer.Options{})
	if err == nil {
		err = p.PrintObj(document, &text)
	}
	b.Add(name, what, text.String(), err)
}

// shapeOf returns the fleet without what its values hold.
func shapeOf(f *fleet.Fleet) *v1alpha1.Fleet {
	shape := &v1alpha1.Fleet{Rollout: v1alpha1.Rollout{Waves: f.Waves, MaxParallel: f.MaxParallel, MaxFailures: f.MaxFailures}}
	for _, r := range f.Regions {
		s := r.Satellite
		shape.Chart, shape.UnifiedURL = s.Chart, s.UnifiedURL
		region := v1alpha1.Region{
			Name: r.Name, Labels: r.Labels, Context: s.Context, AccessURL: s.AccessURL, Namespace: s.Namespace, Release: s.Release, Values: s.ValueFiles, ConnectTo: s.ConnectTo,
		}
		if s.None() {
			region.Satellite = fleet.SatelliteNone
		}
		for _, p := range slices.Concat(r.Providers, r.Others) {
			region.Providers = append(region.Providers, v1alpha1.RegionProvider{Name: p.Name, Context: p.Context})
		}
		shape.Regions = append(shape.Regions, region)
	}
	return shape
}
