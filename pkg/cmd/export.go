package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/export"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// exporter turns a fleet into files: export.Flux or export.ArgoCD.
type exporter func(f *fleet.Fleet, version string, o export.Options) ([]export.File, error)

type exportOptions struct {
	targets
	export.Options
	files exporter
	dir   string // for a file per region; empty to print them
}

func newExport(env Environment, run func(context.Context, exportOptions) error) *cobra.Command {
	cmd := documented("export")
	cmd.Args, cmd.RunE = noArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	add := func(files exporter, child *cobra.Command) (*pflag.FlagSet, *exportOptions) {
		o := &exportOptions{files: files}
		check := o.addTo(env, child, needs{regions: true, accessURL: true, chart: true, inTurn: true})
		child.Flags().StringVar(&o.dir, "output-dir", "", "folder for a file per region, instead of printing them")
		cmd.AddCommand(verb(child, run, o, check))
		return child.Flags(), o
	}
	f, o := add(export.Flux, documented("flux"))
	f.StringVar(&o.KubeconfigSecret, "kubeconfig-secret-ref", "", "Secret on the hub with the kubeconfig of a region's cluster; {region} stands for the region's name")
	f.StringVar(&o.HubNamespace, "hub-namespace", "flux-system", "namespace of the HelmReleases on the hub")
	f.StringArrayVar(&o.ValuesSecrets, "values-from", nil, "NAME[:KEY] of a Secret beside the HelmRelease that holds secret values (default KEY values.yaml; repeatable)")
	f, o = add(export.ArgoCD, documented("argocd"))
	f.StringVar(&o.ArgoNamespace, "argocd-namespace", "argocd", "namespace of the Applications")
	f.StringVar(&o.Project, "project", "default", "Argo CD's project of the Applications")
	f.BoolVar(&o.ApplicationSet, "application-set", false, "write one ApplicationSet for all regions")
	cmd.AddCommand(newExportJobs(env, runExportJobs))
	return cmd
}

// runExport asks the primary at most for its version.
func runExport(ctx context.Context, o exportOptions) error {
	c, version := &connection{}, coder.Version{}
	if err := o.load(c); err != nil {
		return usage(err)
	}
	follows := slices.ContainsFunc(c.fleet.Regions, func(r fleet.Region) bool { return !r.Satellite.None() && r.Satellite.Chart.Version == "" })
	if follows || c.fleet.CoderURL == "" {
		err := o.login(c)
		if err == nil && follows {
			version, err = c.primary.Version(ctx)
		}
		if err := cmp.Or(interrupted(ctx), err); err != nil {
			return err
		}
		c.fleet.CoderURL = c.primary.URL()
	}
	files, err := o.files(c.fleet, version.String(), o.Options)
	if err == nil && o.dir == "" && len(files) > 1 && files[0].Alone {
		err = errors.New("each of these regions has a Flux of its own, which must not read the others' objects: name a folder for a file each with " +
			"--output-dir, or choose one region; if one Flux manages them all, see --kubeconfig-secret-ref")
	}
	if f := o.flags; err == nil && o.dir != "" && f.Filename != "" && (o.ApplicationSet || o.KubeconfigSecret != "") &&
		len(f.Regions)+len(f.Exclude)+len(f.Providers)+len(f.Selector)+len(f.Shard) > 0 {
		err = errors.New("with --application-set or --kubeconfig-secret-ref the files in --output-dir belong together: export all regions of the Fleet file")
	}
	if err != nil {
		return usage(err)
	}
	for _, file := range files {
		err = errors.Join(err, o.write(file))
	}
	return err
}

// write prints a file, or writes it unless it would replace somebody else's.
func (o *exportOptions) write(file export.File) (err error) {
	if o.dir == "" {
		_, err = io.WriteString(o.env.Out, file.Text)
		return err
	}
	ours, _, _ := strings.Cut(file.Text, "\n") // on Windows, Git may have written another end of the line
	path := filepath.Join(o.dir, file.Name)
	if there, err := os.ReadFile(path); !errors.Is(err, fs.ErrNotExist) && !strings.HasPrefix(string(there), ours) {
		return fmt.Errorf("%s was not written by export: move it away, or name another folder with --output-dir", path)
	}
	if err = cmp.Or(os.MkdirAll(o.dir, 0o755), replaceFile(path, []byte(file.Text))); err == nil {
		_, err = fmt.Fprintln(o.env.Out, "wrote "+path)
	}
	return err
}
