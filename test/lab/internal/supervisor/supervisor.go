// Package supervisor runs a lab: the processes of Kubernetes, the emulated primary, the Helm
// repository, and the agents that emulate the clusters' nodes.
package supervisor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/charts"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/pki"
)

// auditPolicy logs the user, the verb and the object of each request, without contents.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: ["RequestReceived"]
rules:
- level: Metadata
`

// Run brings up the lab, writes the file "ready" when it is up, and runs until ctx ends.
func Run(ctx context.Context, lab *layout.Lab) (err error) {
	files, err := pki.Make(lab.Path("pki"), lab.CAFile)
	if err != nil {
		return err
	}
	policy := lab.Path("audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return err
	}
	kids := &children{lab: lab}
	defer kids.stop()
	if err := kids.etcd(); err != nil {
		return err
	}
	for i, cluster := range lab.Clusters {
		if err := os.MkdirAll(lab.Path(cluster.Context), 0o700); err != nil {
			return err
		}
		if err := kids.apiServer(cluster, i, files, policy); err != nil {
			return err
		}
	}
	if err := writeKubeconfigs(lab, files); err != nil {
		return err
	}

	primary, err := startPrimary(lab, files)
	if err != nil {
		return err
	}
	defer primary.Close()
	if err := charts.Write(lab.Path("charts"), lab.RepoURL, lab.PrimaryVersion); err != nil {
		return fmt.Errorf("the Helm repository: %w", err)
	}
	networks := newNetworks(lab, primary)
	closers := []func(){}
	defer func() {
		for _, closeIt := range closers {
			closeIt()
		}
	}()
	for _, server := range []struct {
		port    int
		secure  bool
		handler http.Handler
	}{
		{lab.RepoPort, true, http.FileServer(http.Dir(lab.Path("charts")))},
		{lab.ControlPort, false, networks.handler(primary.ControlHandler())},
	} {
		closeIt, err := serve(server.port, server.secure, files, server.handler)
		if err != nil {
			return err
		}
		closers = append(closers, closeIt)
	}

	running, stopAgents := context.WithCancel(ctx)
	defer kids.agents.Wait()
	defer stopAgents()
	group, groupCtx := errgroup.WithContext(ctx)
	build := &builder{lab: lab, files: files, kids: kids, primary: primary, networks: networks}
	for _, cluster := range lab.Clusters {
		group.Go(func() error { return build.bringUp(groupCtx, running, cluster) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := writeEnvironment(lab); err != nil {
		return err
	}
	if err := os.WriteFile(lab.Path("ready"), nil, 0o600); err != nil {
		return err
	}
	return watch(ctx, kids)
}

// watch returns when ctx ends, or with an error when a child ends.
func watch(ctx context.Context, kids *children) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if ended := kids.failed(); ended != "" {
				return errors.New(ended)
			}
		}
	}
}

// startPrimary starts the emulated primary with its users and tokens.
func startPrimary(lab *layout.Lab, files *pki.Files) (*codertest.Primary, error) {
	certificate, err := tls.X509KeyPair(files.Certificate, files.Key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(files.CA)
	primary, err := codertest.NewPrimary(codertest.Options{
		Version:      lab.PrimaryVersion,
		Certificate:  &certificate,
		Addr:         fmt.Sprintf("127.0.0.1:%d", lab.PrimaryPort),
		BuildTime:    time.Duration(lab.BuildMillis) * time.Millisecond,
		Agents:       true,
		AgentRootCAs: roots,
	})
	if err != nil {
		return nil, err
	}
	primary.AddImage("coder/base")
	for role, user := range map[string]codertest.User{
		"manager": primary.AddUser(operatorEmail, codertest.RoleManager),
		"member":  primary.AddUser("member@example.com", codertest.RoleMember),
		"expired": primary.AddUser("former@example.com", codertest.RoleManager),
	} {
		token := primary.Token(user.ID)
		if role == "expired" {
			primary.ExpireToken(token)
		}
		file := lab.TokenFiles[role]
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return primary, err
		}
		if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
			return primary, err
		}
	}
	return primary, nil
}

// operatorEmail is the site manager whose token is in the environment.
const operatorEmail = "operator@example.com"

func serve(port int, secure bool, files *pki.Files, handler http.Handler) (closeIt func(), err error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	if secure {
		certificate, err := tls.X509KeyPair(files.Certificate, files.Key)
		if err != nil {
			return nil, err
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }, nil
}
