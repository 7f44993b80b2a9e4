package cmd

import (
	"cmp"
	"fmt"
	"net/http"
	"runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// connection is a fleet with the clients to reach it. Nothing is sent before
// facts are gathered.
type connection struct {
	fleet *fleet.Fleet
	// kubeconfig is nil if the verb needs no regions; the fleet is then empty.
	kubeconfig *cluster.Kubeconfig
	primary    *coder.Client
	sources    []*snapshot.Source
	// current is the kubeconfig's current context if it is used because none was
	// named; empty otherwise.
	current string
	// warnings is where those of the API servers go.
	warnings *warnings
}

// connect opens the clients of the targets: of the primary and, for verbs that
// need regions, of each region. A context, file or URL that is wrong is an error
// of the command line; a cluster that cannot be reached is found out later, for
// its region alone.
func (t *targets) connect() (*connection, error) {
	c := &connection{fleet: &fleet.Fleet{}, warnings: newWarnings(t.env.ErrOut)}
	if t.needs.regions {
		if err := t.load(c); err != nil {
			return nil, usage(err)
		}
	}
	primary, login, err := t.login(c.fleet)
	if err != nil {
		return nil, err
	}
	c.primary = primary
	shared, charts := snapshot.NewPrimarySource(primary), &snapshot.ChartCache{}
	for _, region := range c.fleet.Regions {
		source, err := t.source(c, region, login)
		if err != nil {
			return nil, err
		}
		source.Primary, source.Shared, source.Charts = primary, shared, charts
		c.sources = append(c.sources, source)
	}
	return c, nil
}

// load reads the kubeconfig and the fleet. Without a file or a context, the fleet
// is the current context.
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
	c.fleet, err = flags.Load(t.env.In)
	return err
}

// login finds the primary and the token for it.
func (t *targets) login(loaded *fleet.Fleet) (*coder.Client, coder.Config, error) {
	login, err := coder.FindLogin(coder.LoginOptions{
		URL:       cmp.Or(loaded.CoderURL, t.flags.CoderURL),
		TokenFile: t.tokenFile,
		Getenv:    t.env.Getenv,
		GOOS:      runtime.GOOS,
	})
	if err != nil {
		return nil, coder.Config{}, &exitError{exitPreflightFailed, err}
	}
	config := coder.Config{
		URL:        login.URL,
		Token:      login.Token,
		CAFile:     cmp.Or(t.flags.CAFile, loaded.CAFile),
		Timeout:    t.requestTimeout,
		UserAgent:  t.env.userAgent(),
		AuthHeader: coder.Token(t.env.Getenv("ENDPOINT_AUTH_HEADER")),
		Clock:      t.env.Clock,
	}
	client, err := coder.New(config)
	if err != nil {
		return nil, coder.Config{}, usage(fmt.Errorf("the primary (%s): %w", login.Source, err))
	}
	return client, config, nil
}

// source opens a region's cluster and access URL.
func (t *targets) source(c *connection, region fleet.Region, config coder.Config) (*snapshot.Source, error) {
	access, err := c.kubeconfig.Open(region.Context, cluster.Options{
		UserAgent:  t.env.userAgent(),
		Timeout:    t.requestTimeout,
		Warnings:   c.warnings,
		CacheDir:   t.env.kubeCacheDir(),
		HelmDriver: helmDriver(t.env),
	})
	if err != nil {
		return nil, usage(fmt.Errorf("region %q: %w", region.Name, err))
	}
	source := &snapshot.Source{Region: region, Access: access, Clock: t.env.Clock}
	if source.RootCAs, err = coder.RootCAs(config.CAFile); err != nil {
		return nil, usage(err)
	}
	if region.AccessURL == "" {
		return source, nil
	}
	// the satellite is only asked what is public: it gets no token
	config.URL, config.Token, config.ConnectTo, config.Attempts = region.AccessURL, "", region.ConnectTo, 1
	if source.Satellite, err = coder.New(config); err != nil {
		return nil, usage(fmt.Errorf("region %q: access URL: %w", region.Name, err))
	}
	return source, nil
}

// fenced returns the source with every write going through wrap.
func fenced(source *snapshot.Source, wrap func(http.RoundTripper) http.RoundTripper) (*snapshot.Source, error) {
	access, err := source.Access.Wrapped(wrap)
	if err != nil {
		return nil, err
	}
	guarded := *source
	guarded.Access, guarded.Primary = access, source.Primary.Wrapped(wrap)
	return &guarded, nil
}

// helmDriver is what the operator's Helm keeps its releases in, as Helm reads it.
func helmDriver(env Environment) string { return env.Getenv("HELM_DRIVER") }
