// Package inlab brings up a lab for a test binary, runs commands in it, and reads their effects.
// It needs the binaries that `make test` builds.
package inlab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/schema"
)

// Lab is a running lab.
type Lab struct {
	// Dir is the lab's folder; Bin is where the project's binaries are.
	Dir, Bin string
	// PrimaryURL, ControlURL and RepoURL are as in lab.json.
	PrimaryURL string            `json:"primaryURL"`
	ControlURL string            `json:"controlURL"`
	RepoURL    string            `json:"repoURL"`
	Kubeconfig string            `json:"kubeconfig"`
	CAFile     string            `json:"caFile"`
	TokenFiles map[string]string `json:"tokenFiles"`
	Clusters   []Cluster         `json:"clusters"`
	Regions    []Region          `json:"regions"`
}

// Cluster is one cluster of the lab.
type Cluster struct {
	Context string `json:"context"`
	Server  string `json:"server"`
}

// Provider is one workspace provider of a region.
type Provider struct {
	Name        string `json:"name"`
	Context     string `json:"context"`
	Namespace   string `json:"namespace"`
	BuiltIn     bool   `json:"builtIn"`
	EnvproxyURL string `json:"envproxyURL"`
}

// Region is one region of the lab. Server, EnvproxyURL and AuditLog are set only if it has one
// cluster and one provider.
type Region struct {
	Name        string     `json:"name"`
	Context     string     `json:"context"`
	Server      string     `json:"server"`
	AccessURL   string     `json:"accessURL"`
	EnvproxyURL string     `json:"envproxyURL"`
	AuditLog    string     `json:"auditLog"`
	Providers   []Provider `json:"providers"`
}

// Up brings up a lab in a new folder in the system's temporary folder, with further arguments for
// `coder-satellite-lab up`.
func Up(args ...string) (*Lab, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	parent, err := os.MkdirTemp("", "coder-satellite-lab-")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(parent, "lab")
	output, err := exec.Command(filepath.Join(bin, "coder-satellite-lab"), append([]string{"up", "--dir", dir}, args...)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("the lab did not come up: %w: %s", err, output)
	}
	data, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if err != nil {
		return nil, err
	}
	lab := &Lab{Dir: dir, Bin: bin}
	return lab, json.Unmarshal(data, lab)
}

// binaries returns the project's bin folder. If it is empty, the error says what to type.
func binaries() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("the project's folder is not known")
	}
	bin := filepath.Join(filepath.Dir(file), "..", "..", "..", "bin")
	for _, name := range []string{"coder-satellite-lab", "kubectl-coder_satellite", "helm"} {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			return "", fmt.Errorf("the end-to-end tests need bin/%s: run `make test`, which builds it", name)
		}
	}
	return filepath.Clean(bin), nil
}

// Down takes the lab down and removes its folder.
func (l *Lab) Down() error {
	output, err := exec.Command(filepath.Join(l.Bin, "coder-satellite-lab"), "down", "--dir", l.Dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the lab did not go down: %w: %s", err, output)
	}
	return os.RemoveAll(filepath.Dir(l.Dir))
}

// Path returns a path in the lab's folder.
func (l *Lab) Path(elements ...string) string {
	return filepath.Join(append([]string{l.Dir}, elements...)...)
}

// Region returns the region of that name.
func (l *Lab) Region(name string) Region {
	for _, region := range l.Regions {
		if region.Name == name {
			return region
		}
	}
	return Region{}
}

// site returns the provider of that name, and the API server of its cluster.
func (l *Lab) site(name string) (found Provider, server string) {
	for _, region := range l.Regions {
		for _, provider := range region.Providers {
			if provider.Name == name {
				found = provider
			}
		}
	}
	return found, l.Server(found.Context)
}

// Server is the API server of a context's cluster.
func (l *Lab) Server(context string) string {
	for _, cluster := range l.Clusters {
		if cluster.Context == context {
			return cluster.Server
		}
	}
	return ""
}

// Result is the result of a command.
type Result struct {
	Stdout, Stderr string
	Code           int
	Took           time.Duration
}

// String formats the result for a failed test's message.
func (r Result) String() string {
	return fmt.Sprintf("exit code %d after %s\n--- stdout\n%s--- stderr\n%s", r.Code, r.Took.Round(time.Millisecond), r.Stdout, r.Stderr)
}

// Command returns a command that runs in the lab's environment and folder. env has further
// variables, NAME=VALUE.
func (l *Lab) Command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "bash", append([]string{"-c", `. "$0"/env && exec "$@"`, l.Dir, name}, args...)...)
	command.Dir = l.Dir
	if len(env) > 0 {
		// env(1) sets them last, so that they override the lab's own
		command = exec.CommandContext(ctx, "bash", append(append([]string{"-c", `. "$0"/env && exec env "$@"`, l.Dir}, env...), append([]string{name}, args...)...)...)
		command.Dir = l.Dir
	}
	return command
}

// Run runs a command in the lab's environment. If a document of the plugin does not match its
// schema, Run drops the output and sets the exit code to -1, so that a test fails whichever of
// the two it checks.
func (l *Lab) Run(ctx context.Context, env []string, name string, args ...string) Result {
	command := l.Command(ctx, env, name, args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	started := time.Now()
	err := command.Run()
	result := Result{Stdout: stdout.String(), Stderr: stderr.String(), Took: time.Since(started)}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		result.Code = exit.ExitCode()
	case err != nil:
		result.Code, result.Stderr = -1, result.Stderr+err.Error()
	}
	if err := schema.Check(result.Stdout); err != nil {
		result.Code, result.Stdout, result.Stderr = -1, "", fmt.Sprintf("%s%v:\n%s", result.Stderr, err, result.Stdout)
	}
	return result
}

// Plugin runs `kubectl coder-satellite` with the arguments.
func (l *Lab) Plugin(ctx context.Context, args ...string) Result {
	return l.Run(ctx, nil, "kubectl", append([]string{"coder-satellite"}, args...)...)
}

// Kubectl runs kubectl on a region's cluster, and returns its output without the final line feed.
func (l *Lab) Kubectl(ctx context.Context, region string, args ...string) (string, error) {
	result := l.Run(ctx, nil, "kubectl", append([]string{"--context", region}, args...)...)
	if result.Code != 0 {
		return "", fmt.Errorf("kubectl %v: %s", args, result)
	}
	return strings.TrimSuffix(result.Stdout, "\n"), nil
}

// Helm runs the real Helm on a region's cluster.
func (l *Lab) Helm(ctx context.Context, region string, args ...string) Result {
	return l.Run(ctx, nil, "helm", append([]string{"--kube-context", region}, args...)...)
}
