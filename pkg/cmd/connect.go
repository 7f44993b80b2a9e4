package cmd

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"strings"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout/home"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// connection is a fleet with the clients to reach it. Nothing is sent before facts are gathered.
type connection struct {
	fleet      *fleet.Fleet
	kubeconfig *cluster.Kubeconfig // nil if the verb needs no regions; the fleet is then empty
	primary    *coder.Client
	survey     *snapshot.Survey  // the regions, in the fleet's order
	current    string            // the kubeconfig's current context if none was named; else empty
	progress   *printer.Progress // also shows API servers' warnings and logs
	quiet      bool
}

// report shows an event; with --quiet, only what somebody must do.
func (c *connection) report(event v1alpha1.Progress) {
	if !c.quiet || event.Attention {
		c.progress.Report(event)
	}
}

// connect opens the clients. Invalid contexts, files and URLs are usage errors; an unreachable cluster shows later.
func (t targets) connect() (*connection, error) {
	c, err := t.begin()
	if err != nil {
		return nil, err
	}
	c.survey, err = t.surveyOf(c, c.fleet.Regions)
	return c, usage(err)
}

// begin does what connect does, without opening the regions' clusters.
func (t *targets) begin() (*connection, error) {
	c := &connection{quiet: t.quiet, fleet: &fleet.Fleet{CoderURL: t.flags.CoderURL, CAFile: t.flags.CAFile}}
	if t.needs.regions {
		if err := t.load(c); err != nil {
			return nil, usage(err)
		}
	}
	c.progress = newProgress(t.env, len(c.fleet.Regions), t.needs.workspaces, t.quiet)
	if t.verbosity > 0 {
		LogTo(c.progress, t.verbosity)
	}
	return c, t.login(c)
}

// surveyOf opens the clients of the regions.
func (t *targets) surveyOf(c *connection, regions []fleet.Region) (*snapshot.Survey, error) {
	config := snapshot.Config{Primary: c.primary, Clock: t.env.Clock, RootCAs: c.primary.RootCAs(), Limit: t.concurrency}
	for _, region := range regions {
		opened, err := t.region(c, region)
		if err != nil {
			return nil, fmt.Errorf("region %q: %w", region.Name, err)
		}
		config.Regions = append(config.Regions, opened)
	}
	return snapshot.NewSurvey(config)
}

// home opens the cluster that keeps the state of the rollout; nil if the fleet names none. It sends nothing.
func (t *targets) home(c *connection) (*cluster.Access, error) {
	if c.fleet.Home == (fleet.Home{}) {
		return nil, nil
	}
	access, err := t.site(c, c.fleet.Home.Context)
	if err != nil {
		return nil, usagef("rollout.home: %w", err)
	}
	return access, nil
}

// store opens the state of the rollout, and makes sure that it can be used; nil if the fleet names no home.
func (t *targets) store(ctx context.Context, c *connection) (rollout.Store, error) {
	access, err := t.home(c)
	if access == nil {
		return nil, err
	}
	store := home.At(access.Clientset(), access.Context, c.fleet.Home.Namespace, c.primary.URL())
	missing, err := access.Missing(ctx, home.Rights(c.fleet.Home.Namespace))
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("the rollout's home: your kubeconfig's user of context %q may not %s: have that granted", access.Context, strings.Join(cluster.InWords(missing), ", "))
	}
	if err == nil {
		_, err = store.Load(ctx)
	}
	if err != nil {
		return nil, &exitError{exitPreflightFailed, err}
	}
	return store, nil
}

// site opens the cluster of a context.
func (t *targets) site(c *connection, context string) (*cluster.Access, error) {
	return c.kubeconfig.Open(context, cluster.Options{
		UserAgent:  t.env.userAgent(),
		Timeout:    t.requestTimeout,
		Overrides:  t.overrides,
		Warnings:   c.progress,
		CacheDir:   cmp.Or(t.cacheDir, *genericclioptions.NewConfigFlags(false).CacheDir),
		HelmDriver: t.env.Getenv("HELM_DRIVER"),
	})
}

// load reads the kubeconfig and the fleet, which without a file or a context is the current context.
func (t *targets) load(c *connection) (err error) {
	if c.kubeconfig, err = cluster.LoadKubeconfig(t.kubeconfig); err != nil {
		return err
	}
	flags := t.flags
	if flags.Filename == "" && len(flags.Contexts) == 0 {
		if c.current, err = c.kubeconfig.CurrentOrError(); err != nil {
			return err
		}
		flags.Contexts = []string{c.current}
	}
	if c.fleet, err = flags.Load(t.env.In); err != nil {
		return err
	}
	return t.oneCluster(c.fleet.Regions)
}

func (t *targets) login(c *connection) error {
	login, err := coder.FindLogin(coder.LoginOptions{URL: c.fleet.CoderURL, TokenFile: t.tokenFile, Getenv: t.env.Getenv, GOOS: runtime.GOOS})
	if err != nil {
		return &exitError{exitPreflightFailed, err}
	}
	c.primary, err = coder.New(coder.Config{
		URL:        login.URL,
		Token:      login.Token,
		CAFile:     c.fleet.CAFile,
		Timeout:    t.requestTimeout,
		UserAgent:  t.env.userAgent(),
		AuthHeader: coder.Token(t.env.Getenv("ENDPOINT_AUTH_HEADER")),
		Clock:      t.env.Clock,
		Wrap:       logged,
	})
	if err != nil {
		return usagef("the primary (%s): %w", login.Source, err)
	}
	return nil
}

// region opens a region's access URL and its clusters, each context once.
func (t *targets) region(c *connection, region fleet.Region) (snapshot.RegionConfig, error) {
	opened := snapshot.RegionConfig{Region: region}
	open := make(map[string]*cluster.Access)
	var err error // the first
	site := func(context string) *cluster.Access {
		if open[context] != nil {
			return open[context]
		}
		access, failed := t.site(c, context)
		open[context], err = access, cmp.Or(err, failed)
		return access
	}
	if !region.Satellite.None() {
		opened.Satellite = site(region.Satellite.Context)
	}
	for _, provider := range region.Providers {
		opened.Providers = append(opened.Providers, site(provider.Context))
	}
	for _, other := range region.Others {
		opened.Others = append(opened.Others, site(other.Context))
	}
	if err != nil || region.Satellite.AccessURL == "" {
		return opened, err
	}
	if opened.Endpoint, err = c.primary.Anonymous(region.Satellite.AccessURL, region.Satellite.ConnectTo); err != nil {
		return opened, fmt.Errorf("access URL: %w", err)
	}
	return opened, nil
}
