//go:build krew

// Package krew tests the files that `make dist` built with the real krew and the real kubectl.
// `make krew-test` runs it: it needs the archives in dist/, and starts its own lab.
package krew

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"
)

// The paths of what is tested, relative to this folder.
const (
	root         = "../.."
	manifestFile = root + "/plugins/coder-satellite.yaml"
	distFolder   = root + "/dist"
)

// readManifest decodes the manifest as krew's index does, and refuses unknown fields.
func readManifest(t *testing.T) index.Plugin {
	t.Helper()
	content, err := os.ReadFile(manifestFile)
	if err != nil {
		t.Fatal(err)
	}
	var plugin index.Plugin
	if err := yaml.UnmarshalStrict(content, &plugin); err != nil {
		t.Fatalf("%s: %v", manifestFile, err)
	}
	return plugin
}

// archiveOf returns the file in dist/ that the platform's URI names.
func archiveOf(t *testing.T, platform index.Platform) string {
	t.Helper()
	return absolute(t, filepath.Join(distFolder, filepath.Base(platform.URI)))
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tool returns the path of a binary that make has built into bin/.
func tool(t *testing.T, name string) string {
	t.Helper()
	path := absolute(t, filepath.Join(root, "bin", name))
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run this by `make krew-test`", err)
	}
	return path
}

// command runs a program and returns its standard output. If it fails, the error contains its
// standard error.
func command(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), &failure{command: name + " " + strings.Join(args, " "), stderr: stderr.String(), err: err}
	}
	return stdout.String(), nil
}

// failure is a program that ended with an error.
type failure struct {
	command, stderr string
	err             error
}

func (f *failure) Error() string { return f.command + ": " + f.err.Error() + "\n" + f.stderr }
func (f *failure) Unwrap() error { return f.err }

func mustRun(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	out, err := command("", env, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
