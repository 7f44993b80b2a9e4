package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// apply creates objects from YAML.
func apply(t *testing.T, region, yaml string) {
	t.Helper()
	kubectl(t, region, "apply", "-f", writeInLab(t, "objects.yaml", []byte(yaml)))
}

// rogueDeployment is an envproxy in another namespace that claims to belong to a Helm release.
func rogueDeployment(namespace, deployment, release, releaseNamespace string) string {
	return strings.NewReplacer("NAMESPACE", namespace, "DEPLOYMENT", deployment, "RELEASE", release, "CLAIM", releaseNamespace).Replace(`---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: DEPLOYMENT
  namespace: NAMESPACE
  labels: {coder.deployment: envproxy}
  annotations: {meta.helm.sh/release-name: "RELEASE", meta.helm.sh/release-namespace: "CLAIM"}
spec:
  replicas: 0
  selector: {matchLabels: {app: DEPLOYMENT}}
  template:
    metadata: {labels: {app: DEPLOYMENT}}
    spec: {containers: [{name: c, image: none}]}
`)
}

// TestForeignReleases: someone who may create objects in another namespace can neither block a
// verb nor have another release mistaken for the provider's. The test tries an annotation that is
// not a name, a claim to the provider's namespace, a release of the legacy chart with the
// provider's access URL, and an unreadable record.
func TestForeignReleases(t *testing.T) {
	freshLegacy(t, "sydney")
	before := identities(t, "sydney")
	kubectl(t, "sydney", "create", "namespace", "rogue")
	t.Cleanup(func() { kubectl(t, "sydney", "delete", "namespace", "rogue", "--wait=false") })
	apply(t, "sydney", rogueDeployment("rogue", "no-name", "x)", "rogue")+
		rogueDeployment("rogue", "selector", "x),owner in (helm", "rogue")+
		rogueDeployment("rogue", "claim", inlab.LegacyRelease, inlab.LegacyNamespace)+
		rogueDeployment("rogue", "damaged", "damaged", "rogue"))
	apply(t, "sydney", `
apiVersion: v1
kind: Secret
type: helm.sh/release.v1
metadata:
  name: sh.helm.release.v1.damaged.v1
  namespace: rogue
  labels: {owner: helm, name: damaged, status: deployed, version: "1"}
stringData: {release: not a record}
`)
	helm(t, "sydney", "install", "look-alike", lab.LegacyChart("1.20.0"), "--namespace", "rogue", "--set", "envproxy.replicas=0",
		"--set", "envproxy.accessURL="+lab.Region("sydney").EnvproxyURL)
	foreign := kubectl(t, "sydney", "--namespace", "rogue", "get", "deployments,services,secrets,roles,rolebindings", "-o", "jsonpath={range .items[*]}{.metadata.uid} {.metadata.resourceVersion}{\"\\n\"}{end}")

	plugin(t, 0, on("sydney", "migrate", "--yes")...)
	checked(t, "sydney", 0, "legacy-found", v1alpha1.CheckPass, inlab.LegacyNamespace+"/"+inlab.LegacyRelease)
	if diff := cmp.Diff(inlab.LegacyRelease+"\n", retainedReleases(t, "sydney")); diff != "" {
		t.Errorf("retained releases (-want +got):\n%s", diff)
	}

	// without its envproxy, and with another Deployment in the same namespace that claims to be
	// it
	envproxy := kubectl(t, "sydney", "--namespace", inlab.LegacyNamespace, "get", "deployment", "envproxy", "-o", "json")
	kubectl(t, "sydney", "--namespace", inlab.LegacyNamespace, "delete", "deployment", "envproxy", "--wait")
	checked(t, "sydney", 0, "legacy-found", v1alpha1.CheckPass, inlab.LegacyNamespace+"/"+inlab.LegacyRelease)
	checked(t, "sydney", 0, "legacy-rollback-ready", v1alpha1.CheckWarn, "Deployment/envproxy does not exist")
	apply(t, "sydney", envproxy)
	eventually(t, "envproxy is available again", func() bool {
		return kubectl(t, "sydney", "--namespace", inlab.LegacyNamespace, "get", "deployment", "envproxy", "-o", "jsonpath={.status.availableReplicas}") == "1"
	})
	before["deployment/envproxy"] = identities(t, "sydney")["deployment/envproxy"]

	// if it is uninstalled by mistake, it is restored from its backup, and no other release is
	// used instead
	uninstallLegacy(t, "sydney")
	plugin(t, 0, on("sydney", "rollback", "--yes")...)
	networking(t, "sydney", false)
	sameObjects(t, "sydney", before)
	envproxyServes(t, "sydney")
	after := kubectl(t, "sydney", "--namespace", "rogue", "get", "deployments,services,secrets,roles,rolebindings", "-o", "jsonpath={range .items[*]}{.metadata.uid} {.metadata.resourceVersion}{\"\\n\"}{end}")
	if foreign != after {
		t.Errorf("objects of others were written:\n%s\n%s", foreign, after)
	}
}

// TestPendingSatelliteOfOthers: a first installation of the satellite by another Helm, running or
// killed, is not uninstalled. The message says who started it and what ends it.
func TestPendingSatelliteOfOthers(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "ohio") })
	region := lab.Region("ohio")
	install := lab.Command(context.WithoutCancel(t.Context()), nil, "helm", "--kube-context", "ohio", "install", "coder-satellite", "coder", "--repo", lab.RepoURL, "--version", "1.21.7", "--ca-file", lab.CAFile,
		"--namespace", inlab.SatelliteNamespace, "--create-namespace", "--wait", "--set", "coderd.satellite.enable=true,coderd.image=coder-missing",
		"--set", "coderd.satellite.primaryURL="+lab.PrimaryURL, "--set", "coderd.satellite.accessURL="+region.AccessURL)
	if err := install.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the installation begins", func() bool {
		return kubectl(t, "ohio", "--namespace", inlab.SatelliteNamespace, "get", "deployment", "coderd", "--ignore-not-found", "-o", "name") != ""
	})
	if err := install.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = install.Wait()

	stoppedBy(t, "satellite-idle", []string{
		"coder-satellite/coder-satellite is pending-install at revision 1, written by Helm at ", "--namespace coder-satellite rollback coder-satellite 1",
	}, on("ohio", "migrate")...)
	if left := helm(t, "ohio", "list", "--namespace", inlab.SatelliteNamespace, "--all", "--short"); left != "coder-satellite\n" {
		t.Errorf("Helm lists %q", left)
	}
	networking(t, "ohio", false)
	helm(t, "ohio", "rollback", "coder-satellite", "1", "--namespace", inlab.SatelliteNamespace)
	plugin(t, 0, on("ohio", "migrate", "--yes")...)
}
