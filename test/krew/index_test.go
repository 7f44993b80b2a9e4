//go:build krew

package krew

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// TestIndex does what a user of the plugin does: add this repository as an index, install, use
// the plugin in a lab, upgrade, uninstall.
func TestIndex(t *testing.T) {
	plugin := readManifest(t)
	platform := own(t, plugin)
	releases := newReleases(t, "github.com")
	releases.publish(t, platform.URI, archiveOf(t, platform))
	repository := newIndex(t)
	home := t.TempDir()
	krew := func(args ...string) {
		t.Helper()
		mustRun(t, append([]string{"KREW_ROOT=" + home, "KREW_NO_UPGRADE_CHECK=1"}, releases.env...), tool(t, "krew"), args...)
	}

	krew("index", "add", "coder-satellite", repository)
	krew("install", "coder-satellite/"+plugin.Name)

	lab := startLab(t)
	path := "PATH=" + filepath.Join(home, "bin") + string(filepath.ListSeparator) + lab["PATH"]
	env := []string{path, "KUBECONFIG=" + lab["KUBECONFIG"], "CODER_URL=" + lab["CODER_URL"],
		"CODER_TOKEN=" + lab["CODER_TOKEN"], "SSL_CERT_FILE=" + lab["SSL_CERT_FILE"]}
	kubectl := findIn(t, lab["PATH"], "kubectl")
	if got := pluginVersion(t, env, kubectl, plugin.Name); got != plugin.Spec.Version {
		t.Errorf("kubectl %s says version %q, want %q", plugin.Name, got, plugin.Spec.Version)
	}
	if report := status(t, env, kubectl, plugin.Name, lab["fleet"]); len(report.Regions) != 1 || report.Regions[0].Phase != v1alpha1.PhaseLegacy {
		t.Errorf("status of a new lab: %+v, want one region in phase %s", report, v1alpha1.PhaseLegacy)
	}

	next := "v" + semver.MustParse(plugin.Spec.Version).IncPatch().String()
	archive := build(t, next)
	releases.publish(t, announce(t, repository, plugin, next, archive), archive)
	krew("upgrade", plugin.Name)
	if got := pluginVersion(t, env, kubectl, plugin.Name); got != next {
		t.Errorf("after the upgrade the version is %q, want %q", got, next)
	}

	krew("uninstall", plugin.Name)
	if left, err := filepath.Glob(filepath.Join(home, "bin", "kubectl-coder*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// newIndex returns a git repository with the present plugins/ of this one committed.
func newIndex(t *testing.T) string {
	t.Helper()
	repository := t.TempDir()
	if err := os.CopyFS(filepath.Join(repository, "plugins"), os.DirFS(filepath.Dir(manifestFile))); err != nil {
		t.Fatal(err)
	}
	gitIn(t, repository, "init", "--quiet")
	commit(t, repository)
	return repository
}

func commit(t *testing.T, repository string) {
	t.Helper()
	gitIn(t, repository, "add", ".")
	gitIn(t, repository, "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false",
		"commit", "--quiet", "--message", "Manifest")
}

func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	if _, err := command(dir, nil, "git", args...); err != nil {
		t.Fatal(err)
	}
}

// announce commits a manifest of the next version, for this machine only, to the index, and
// returns the archive's URL.
func announce(t *testing.T, repository string, plugin index.Plugin, next, archive string) string {
	t.Helper()
	platform := own(t, plugin)
	platform.URI = strings.ReplaceAll(platform.URI, plugin.Spec.Version, next)
	platform.Sha256 = sha256Of(t, archive)
	plugin.Spec.Version, plugin.Spec.Platforms = next, []index.Platform{platform}
	content, err := yaml.Marshal(plugin)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(repository, "plugins", plugin.Name+".yaml"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	commit(t, repository)
	return platform.URI
}

// pluginVersion runs the program with the arguments and "version -o json".
func pluginVersion(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	var info v1alpha1.VersionInfo
	out := mustRun(t, env, program, append(args, "version", "-o", "json")...)
	if err := json.Unmarshal([]byte(out), &info); err != nil {
		t.Fatalf("%v in:\n%s", err, out)
	}
	return info.Version
}

// status runs status on the fleet. Failed checks do not matter here, so exit code 1 is accepted
// like 0.
func status(t *testing.T, env []string, kubectl, plugin, fleet string) v1alpha1.StatusReport {
	t.Helper()
	out, err := command("", env, kubectl, plugin, "status", "-f", fleet, "-o", "json")
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatal(err)
	}
	var report v1alpha1.StatusReport
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in:\n%s", err, out)
	}
	return report
}
