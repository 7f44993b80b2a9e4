package cmd

import (
	"cmp"
	"fmt"
	"runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// connection is a fleet with the clients to reach it. Nothing is sent before
// facts are gathered.
type connection struct {
	fleet      *fleet.Fleet
	kubeconfig *cluster.Kubeconfig
	primary    *coder.Client
	// survey holds the regions, in the fleet's order.
	survey *snapshot.Survey
	// warnings is where those of the API servers go.
	warnings *warnings
}

// connect turns the flags into a fleet and its clients. A context, file or URL
// that is wrong is an error of the command line; a cluster that cannot be
// reached is found out later, for its region alone.
func (t *targets) connect() (*connection, error) {
	kubeconfig, err := cluster.LoadKubeconfig(t.kubeconfig)
	if err != nil {
		return nil, usage(err)
	}
	if t.flags.Filename == "" && len(t.flags.Contexts) == 0 {
		current, err := kubeconfig.CurrentOrError()
		if err != nil {
			return nil, usage(err)
		}
		t.flags.Contexts, t.current = []string{current}, true
	}
	t.flags.Further = []string{"--kubeconfig", t.kubeconfig, "--coder-token-file", t.tokenFile}
	loaded, err := t.flags.Load(t.env.In)
	if err != nil {
		return nil, usage(err)
	}
	primary, login, err := t.login(loaded)
	if err != nil {
		return nil, err
	}
	c := &connection{fleet: loaded, kubeconfig: kubeconfig, primary: primary, warnings: newWarnings(t.env.ErrOut)}
	c.survey, err = t.survey(c, login)
	return c, err
}

// survey opens the regions of the connection's fleet.
func (t *targets) survey(c *connection, login coder.Config) (*snapshot.Survey, error) {
	config := snapshot.Config{Primary: c.primary, Clock: t.env.Clock}
	var err error
	if config.RootCAs, err = coder.RootCAs(login.CAFile); err != nil {
		return nil, usage(err)
	}
	for _, region := range c.fleet.Regions {
		opened, err := t.region(c, region, login)
		if err != nil {
			return nil, usage(fmt.Errorf("region %q: %w", region.Name, err))
		}
		config.Regions = append(config.Regions, opened)
	}
	return snapshot.NewSurvey(config)
}

// login finds the primary and the token for it.
func (t *targets) login(loaded *fleet.Fleet) (*coder.Client, coder.Config, error) {
	if err := positive("--request-timeout", t.requestTimeout); err != nil {
		return nil, coder.Config{}, err
	}
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

// region opens a region's cluster and access URL.
func (t *targets) region(c *connection, region fleet.Region, config coder.Config) (snapshot.RegionConfig, error) {
	opened := snapshot.RegionConfig{Region: region}
	var err error
	opened.Access, err = c.kubeconfig.Open(region.Context, cluster.Options{
		UserAgent:  t.env.userAgent(),
		Timeout:    t.requestTimeout,
		Warnings:   c.warnings,
		CacheDir:   t.env.kubeCacheDir(),
		HelmDriver: helmDriver(t.env),
	})
	if err != nil || region.AccessURL == "" {
		return opened, err
	}
	// the satellite is only asked what is public: it gets no token
	config.URL, config.Token, config.ConnectTo, config.Attempts = region.AccessURL, "", region.ConnectTo, 1
	if opened.Endpoint, err = coder.New(config); err != nil {
		return opened, fmt.Errorf("access URL: %w", err)
	}
	return opened, nil
}

// helmDriver is what the operator's Helm keeps its releases in, as Helm reads it.
func helmDriver(env Environment) string { return env.Getenv("HELM_DRIVER") }
