package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/export"
)

type jobsOptions struct {
	exportOptions
	export.JobOptions
	home       string // the context of the cluster that runs the Jobs; empty for the rollout's home
	apply, yes bool
}

func newExportJobs(env Environment, run func(context.Context, jobsOptions) error) *cobra.Command {
	cmd := documented("jobs")
	var o jobsOptions
	f, check := cmd.Flags(), o.addTo(env, cmd, needs{regions: true, accessURL: true, inTurn: true, paced: true})
	f.StringVar(&o.Image, "image", "", "the plugin's image, as the cluster pulls it")
	f.StringVar(&o.Namespace, "jobs-namespace", "coder-satellite-jobs", "namespace of the Jobs")
	f.IntVar(&o.Shards, "shards", 0, "the most pods that share a wave (default: one for each region)")
	f.StringVar(&o.KubeconfigSecret, "kubeconfig-secret-ref", "coder-satellite-kubeconfig", "your Secret beside the Jobs whose key kubeconfig holds a kubeconfig")
	f.StringVar(&o.TokenSecret, "token-secret-ref", "coder-satellite-token", "your Secret beside the Jobs whose key token holds a token for Coder")
	f.StringVar(&o.dir, "output-dir", "", "folder for a file per wave, instead of printing them")
	f.StringVar(&o.home, "home", "", "kubeconfig context of the cluster that runs the Jobs (default: rollout.home)")
	f.BoolVar(&o.apply, "apply", false, "apply them there, instead of printing them")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask before applying")
	return verb(cmd, run, &o, func() error {
		return errors.Join(check(), refuse(o.flags.Filename == "", "Jobs need a Fleet file: give one with --filename"),
			refuse(o.Image == "", "name the plugin's image, as the cluster pulls it, with --image: `make image` builds it, and `crane push` publishes it"),
			refuse(o.Shards < 0, "--shards is %d: it must be 1 or more", o.Shards),
			refuse(o.flags.CoderURL+o.flags.CAFile != "", "--coder-url and --coder-ca-file do not reach the pods: write coder.url and coder.caFile into the Fleet file"))
	})
}

// runExportJobs reaches no server but, with --apply, the cluster that runs the Jobs.
func runExportJobs(ctx context.Context, o jobsOptions) error {
	data, err := o.env.read(o.flags.Filename, maxDocument)
	c := &connection{}
	o.env.In, o.File, o.Folder = bytes.NewReader(data), data, filepath.Dir(o.flags.Filename)
	if err := cmp.Or(err, o.load(c)); err != nil {
		return usage(err)
	}
	files, err := export.Jobs(c.fleet, o.JobOptions)
	if err != nil {
		return usage(err)
	}
	for _, file := range files {
		if o.dir != "" || !o.apply {
			err = errors.Join(err, o.write(file))
		}
	}
	if err != nil || !o.apply {
		return err
	}
	c.progress = newProgress(o.env, 0, false, o.quiet) // shows warnings
	defer c.progress.Close()
	home := cmp.Or(o.home, c.fleet.Home.Context)
	access, err := o.site(c, home)
	if err != nil {
		return usagef("--home: %w", err)
	}
	if err := mayAct(ctx, o.env, fmt.Sprintf("Apply %d Job(s) in context %s, which begin to migrate at once?", len(files)-1, home), o.yes, ""); err != nil {
		return err
	}
	for _, file := range files {
		err := access.Apply(ctx, file.Text, func(name string) { _, _ = fmt.Fprintln(o.env.Out, "applied "+name) })
		if err != nil {
			return cmp.Or(interrupted(ctx), err)
		}
	}
	return nil
}
