package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// owned makes Flux the owner of one of a region's Deployments, and returns a function that
// patches its HelmRelease.
func owned(t *testing.T, region, namespace, deployment string) (patch func(kind, patch string)) {
	t.Helper()
	const crd = "customresourcedefinition/helmreleases.helm.toolkit.fluxcd.io"
	definition, err := filepath.Abs("testdata/flux.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, region, "apply", "--filename", definition)
	t.Cleanup(func() {
		kubectl(t, region, "--namespace", namespace, "label", "deployment", deployment, "helm.toolkit.fluxcd.io/name-", "helm.toolkit.fluxcd.io/namespace-")
		kubectl(t, region, "delete", crd)
	})
	kubectl(t, region, "wait", "--for=condition=Established", crd)
	object := fmt.Sprintf(`{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","metadata":{"name":%q,"namespace":%q},"spec":{"interval":"1m"}}`, deployment, namespace)
	file := filepath.Join(t.TempDir(), "release.json")
	if err := os.WriteFile(file, []byte(object), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, region, "create", "--filename", file)
	kubectl(t, region, "--namespace", namespace, "label", "deployment", deployment,
		"helm.toolkit.fluxcd.io/name="+deployment, "helm.toolkit.fluxcd.io/namespace="+namespace)
	return func(kind, patch string) {
		t.Helper()
		args := []string{"--namespace", namespace, "patch", "helmrelease", deployment, "--type=merge", "--patch", patch}
		if kind != "" {
			args = append(args, "--subresource", kind)
		}
		kubectl(t, region, args...)
	}
}

// A legacy release that Flux owns is not changed until its HelmRelease is suspended. It stays
// suspended as long as a rollback may be needed, and no longer counts as retained if someone
// resumes it.
func TestFluxOwnsLegacy(t *testing.T) {
	const region = "sydney"
	freshLegacy(t, region)
	patch := owned(t, region, "coder", "envproxy")
	suspended := func() string {
		return kubectl(t, region, "--namespace", "coder", "get", "helmrelease", "envproxy", "-o", "jsonpath={.spec.suspend}")
	}

	before := marks(t)
	refused := plugin(t, 5, on(region, "migrate", "--yes")...)
	saysAll(t, "migrate", refused.Stdout+refused.Stderr, []string{"HelmRelease coder/envproxy", "--gitops suspend"})
	quiet(t, before)
	wrong := plugin(t, 64, on(region, "plan", "--gitops", "fight")...)
	saysAll(t, "plan", wrong.Stderr, []string{"--gitops", "refuse, suspend, wait"})

	planned := plugin(t, 0, on(region, "plan", "--gitops", "suspend")...)
	saysAll(t, "plan", planned.Stdout, []string{"suspension of Flux's HelmRelease coder/envproxy"})
	if suspended() != "" {
		t.Error("plan suspended the HelmRelease")
	}
	plugin(t, 0, on(region, "migrate", "--gitops", "suspend", "--yes")...)
	if suspended() != "true" {
		t.Error("migrate did not suspend the HelmRelease")
	}
	checked(t, region, 0, "legacy-owner", v1alpha1.CheckPass, "Flux's HelmRelease coder/envproxy", "suspended")
	plugin(t, 0, on(region, "migrate", "--yes")...) // there is nothing left to do

	patch("", `{"spec":{"suspend":false}}`)
	checked(t, region, 1, "legacy-retained", v1alpha1.CheckFail, "suspension of Flux's HelmRelease coder/envproxy")
	plugin(t, 5, on(region, "retain", "--yes")...)
	networking(t, region, true)
	plugin(t, 0, on(region, "retain", "--gitops", "suspend", "--yes")...)
	checked(t, region, 0, "legacy-retained", v1alpha1.CheckPass)

	plugin(t, 0, on(region, "rollback", "--yes")...)
	envproxyServes(t, region)
	checked(t, region, 1, "legacy-owner", v1alpha1.CheckWarn, "an earlier run suspended", "flux --context", "resume helmrelease envproxy")

	plugin(t, 64, on(region, "finalize", "--gitops", "resume", "--yes")...)
	plugin(t, 0, on(region, "rollback", "--gitops", "resume", "--yes")...)
	if suspended() != "" {
		t.Error("rollback --gitops resume left the HelmRelease suspended")
	}
	patch("", `{"spec":{"suspend":true}}`) // by somebody else
	before = marks(t)
	plugin(t, 0, on(region, "rollback", "--gitops", "resume", "--yes")...)
	quiet(t, before)
	if suspended() != "true" {
		t.Error("rollback resumed what it had not suspended")
	}
}

// A HelmRelease that only Git may change is waited for, and is not the plugin's to resume.
func TestFluxIsSuspendedInGit(t *testing.T) {
	const region, todo = "sydney", "suspend Flux's HelmRelease coder/envproxy: commit `spec: {suspend: true}` to Git"
	freshLegacy(t, region)
	patch := owned(t, region, "coder", "envproxy")
	planned := plugin(t, 0, on(region, "plan", "--gitops", "wait")...)
	saysAll(t, "plan", planned.Stdout, []string{todo})
	late := plugin(t, 124, on(region, "retain", "--gitops", "wait", "--yes", "--timeout", "5s")...)
	saysAll(t, "retain", late.Stdout+late.Stderr, []string{"TO DO: waiting for Flux: " + todo, "5s"})

	events := filepath.Join(t.TempDir(), "events")
	run := begin(t, on(region, "migrate", "--gitops", "wait", "--yes", "--events", events)...)
	eventually(t, "the wait", func() bool {
		said, _ := os.ReadFile(events)
		return strings.Contains(string(said), `"attention":true`)
	})
	if releases := retainedReleases(t, region); releases != "" {
		t.Errorf("retained before Flux leaves it alone: %s", releases)
	}
	networking(t, region, false)
	patch("", `{"spec":{"suspend":true}}`)
	if result := run.wait(t, 0, time.Minute); strings.Count(result.Stderr, "TO DO") != 1 {
		t.Errorf("migrate: %s", result)
	}
	checked(t, region, 0, "legacy-retained", v1alpha1.CheckPass)
	plugin(t, 0, on(region, "rollback", "--gitops", "resume", "--yes")...)
	if suspended := kubectl(t, region, "--namespace", "coder", "get", "helmrelease", "envproxy", "-o", "jsonpath={.spec.suspend}"); suspended != "true" {
		t.Error("rollback resumed what Git suspended")
	}
}

// If a reconciliation is in progress when its HelmRelease is suspended, the plugin waits for it.
func TestFluxIsBusy(t *testing.T) {
	const region = "sydney"
	freshLegacy(t, region)
	patch := owned(t, region, "coder", "envproxy")
	patch("status", `{"status":{"conditions":[{"type":"Reconciling","status":"True","reason":"Progressing","message":"","lastTransitionTime":"2024-05-02T12:00:00Z"}]}}`)
	done := make(chan string, 1)
	go func() {
		result := lab.Plugin(t.Context(), on(region, "retain", "--gitops", "suspend", "--yes")...)
		done <- fmt.Sprintf("%d %s", result.Code, result.Stderr)
	}()
	eventually(t, "the suspension", func() bool {
		value, err := lab.Kubectl(t.Context(), region, "--namespace", "coder", "get", "helmrelease", "envproxy", "-o", "jsonpath={.spec.suspend}")
		return err == nil && value == "true"
	})
	if releases := retainedReleases(t, region); releases != "" {
		t.Errorf("retained in the middle of a reconciliation: %s", releases)
	}
	patch("status", `{"status":{"conditions":[]}}`)
	if result := <-done; !strings.HasPrefix(result, "0 ") || !strings.Contains(result, "end of the reconciliation by Flux's HelmRelease") {
		t.Error(result)
	}
	checked(t, region, 1, "legacy-retained", v1alpha1.CheckPass)
}

// A satellite that Flux owns is neither upgraded nor removed.
func TestFluxOwnsSatellite(t *testing.T) {
	const region = "sydney"
	freshLegacy(t, region)
	plugin(t, 0, on(region, "migrate", "--yes")...)
	patch := owned(t, region, "coder-satellite", "coderd")
	checked(t, region, 0, "satellite-owner", v1alpha1.CheckWarn, "is not ready")
	patch("status", `{"status":{"conditions":[{"type":"Ready","status":"True","reason":"UpgradeSucceeded","message":"upgraded","lastTransitionTime":"2024-05-02T12:00:00Z"}]}}`)
	checked(t, region, 0, "satellite-owner", v1alpha1.CheckPass, "Flux's HelmRelease coder-satellite/coderd owns it")
	helm(t, region, "upgrade", "coder-satellite", "coder", "--repo", lab.RepoURL, "--version", "1.21.7", "--namespace", "coder-satellite",
		"--reuse-values", "--set", "coderd.replicas=2", "--set", "coderd.tls.hostSecretName=other")
	kubectl(t, region, "--namespace", "coder-satellite", "label", "deployment", "coderd",
		"helm.toolkit.fluxcd.io/name=coderd", "helm.toolkit.fluxcd.io/namespace=coder-satellite", "--overwrite")
	before := marks(t)
	other := plugin(t, 0, on(region, "plan")...)
	saysAll(t, "plan", other.Stdout, []string{"wait until Flux's HelmRelease coder-satellite/coderd has installed", "the values differ: coderd.tls.hostSecretName", "says: upgraded"})
	quiet(t, before)
	removal := []string{"Flux's HelmRelease coder-satellite/coderd owns the satellite's release", "flux --context sydney --namespace coder-satellite delete helmrelease coderd"}
	stoppedBy(t, "satellite-owner", removal, on(region, "remove")...)
	stoppedBy(t, "satellite-owner", removal, on(region, "rollback", "--remove-satellite")...)
	plugin(t, 0, on(region, "rollback", "--yes")...)
	networking(t, region, false)
	if releases := helm(t, region, "list", "--namespace", "coder-satellite", "--short"); !strings.Contains(releases, "coder-satellite") {
		t.Error("the satellite was uninstalled, although Flux owns it")
	}
}
