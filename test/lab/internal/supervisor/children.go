package supervisor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/pki"
)

// children are the processes of Kubernetes. They end with the supervisor.
type children struct {
	lab        *layout.Lab
	mu         sync.Mutex
	all        []*child
	agents     sync.WaitGroup
	agentError error
}

type child struct {
	name    string
	logFile string
	command *exec.Cmd
	done    chan struct{}
}

// start runs the lab's own binary as one of its parts.
func (c *children) start(name string, args ...string) error {
	logFile := c.lab.Path("log", strings.ReplaceAll(name, " ", "-")+".log")
	if err := os.MkdirAll(filepath.Dir(logFile), 0o700); err != nil {
		return err
	}
	log, err := os.Create(logFile)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has its own
	command := exec.Command(c.lab.Executable, args...)
	command.Stdout, command.Stderr, command.Dir = log, log, c.lab.Dir
	command.Env = append(os.Environ(), "GOGC=60")
	command.SysProcAttr = dieWithParent()
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	started := &child{name: name, logFile: logFile, command: command, done: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(started.done)
	}()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, started)
	return nil
}

// agent runs a node's agent until ctx ends. Like the failure of a child, its failure ends the
// lab.
func (c *children) agent(ctx context.Context, agent interface{ Run(context.Context) error }) {
	c.agents.Go(func() {
		if err := agent.Run(ctx); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.agentError = err
		}
	})
}

// failed names a child that has ended, with the end of its log; "" if none has.
func (c *children) failed() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.agentError != nil {
		return c.agentError.Error()
	}
	for _, child := range c.all {
		select {
		case <-child.done:
			return fmt.Sprintf("%s ended: %s", child.name, tail(child.logFile))
		default:
		}
	}
	return ""
}

func tail(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-2000):])
}

// stop kills the children. Their data will be deleted anyway.
func (c *children) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, child := range c.all {
		_ = child.command.Process.Kill()
	}
	for _, child := range c.all {
		<-child.done
	}
}

func (c *children) etcd() error {
	client := fmt.Sprintf("http://127.0.0.1:%d", c.lab.EtcdPort)
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.lab.EtcdPeerPort)
	return c.start("etcd", "etcd",
		"--name=lab", "--data-dir="+c.lab.Path("etcd"),
		"--listen-client-urls="+client, "--advertise-client-urls="+client,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=lab="+peer,
		"--unsafe-no-fsync", "--log-level=error")
}

func (c *children) apiServer(cluster layout.Cluster, index int, files *pki.Files, auditPolicy string) error {
	return c.start("kube-apiserver "+cluster.Context, "kube-apiserver",
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", c.lab.EtcdPort), "--etcd-prefix=/"+cluster.Context,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", cluster.APIPort),
		"--tls-cert-file="+files.CertFile, "--tls-private-key-file="+files.KeyFile,
		"--token-auth-file="+files.TokenFile, "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+files.AccountKey, "--service-account-signing-key-file="+files.AccountKey,
		fmt.Sprintf("--service-cluster-ip-range=10.%d.0.0/24", 100+index),
		"--endpoint-reconciler-type=none", "--allow-privileged", "--profiling=false",
		"--audit-policy-file="+auditPolicy, "--audit-log-path="+cluster.AuditLog, "--audit-log-mode=blocking",
		"--cert-dir="+c.lab.Path(cluster.Context, "certs"))
}

func (c *children) controllers(cluster layout.Cluster, kubeconfig string, files *pki.Files) error {
	return c.start("kube-controller-manager "+cluster.Context, "kube-controller-manager",
		"--kubeconfig="+kubeconfig, "--authentication-skip-lookup=true", "--secure-port=0", "--leader-elect=false",
		"--controllers=deployment-controller,replicaset-controller,serviceaccount-controller,namespace-controller,garbage-collector-controller,clusterrole-aggregation-controller,root-ca-certificate-publisher-controller,job-controller",
		"--root-ca-file="+c.lab.CAFile, "--service-account-private-key-file="+files.AccountKey,
		"--kube-api-qps=100", "--kube-api-burst=200", "--concurrent-gc-syncs=4", "--profiling=false")
}

// poll retries until it succeeds, a child ends, or ctx ends.
func (c *children) poll(ctx context.Context, what string, try func(context.Context) error) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := try(attempt)
		cancel()
		if err == nil {
			return nil
		}
		if ended := c.failed(); ended != "" {
			return fmt.Errorf("%s: %s", what, ended)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		case <-ticker.C:
		}
	}
}
