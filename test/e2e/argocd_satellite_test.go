package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

const argoSatellite = "coder-satellite-sydney"

// argoInstalls plays a sync of the Application that `export argocd` writes: Argo CD renders the chart without the cluster, marks
// the objects, keeps no record, and leaves a key that is there. edit changes the Application first.
func argoInstalls(t *testing.T, region string, edit func(application *unstructured.Unstructured)) {
	t.Helper()
	application := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(plugin(t, 0, on(region, "export", "argocd")...).Stdout), &application.Object); err != nil {
		t.Fatal(err)
	}
	edit(application)
	of := func(fields ...string) string {
		text, _, _ := unstructured.NestedString(application.Object, append([]string{"spec"}, fields...)...)
		return text
	}
	values, _, _ := unstructured.NestedMap(application.Object, "spec", "source", "helm", "valuesObject")
	data, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	namespace := of("destination", "namespace")
	rendered := helm(t, region, "template", of("source", "helm", "releaseName"), of("source", "chart"), "--repo", of("source", "repoURL"),
		"--version", of("source", "targetRevision"), "--namespace", namespace, "--values", writeInLab(t, "values.json", data))
	if kubectl(t, region, "get", "namespace", namespace, "--ignore-not-found") == "" {
		kubectl(t, region, "create", "namespace", namespace)
	}
	there := kubectl(t, region, "--namespace", namespace, "get", "secret", "coder-replica-private-key", "--ignore-not-found")
	for document := range strings.SplitSeq(rendered, "\n---") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			t.Fatal(err)
		}
		if object.Object == nil || object.GetKind() == "Secret" && there != "" {
			continue
		}
		object.SetAnnotations(map[string]string{argoTracking: fmt.Sprintf("%s:%s/%s:%s/%s", application.GetName(), object.GroupVersionKind().Group, object.GetKind(), namespace, object.GetName())})
		object.SetNamespace(namespace)
		text, err := json.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		kubectl(t, region, "apply", "--filename", writeInLab(t, "object.json", text))
	}
}

// satelliteObjects are the identities and generations of what Argo CD installed.
func satelliteObjects(t *testing.T, region string) string {
	t.Helper()
	return kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "get", "deployments,services,secrets",
		"-o", `jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.generation}{"\n"}{end}`)
}

// A satellite that Argo CD installed has no record of Helm's. It is found and judged all the same, migrated to and back, and
// never changed.
func TestLongArgoCDOwnsSatellite(t *testing.T) {
	const region = "sydney"
	freshLegacy(t, region)
	t.Cleanup(func() { // as the Application's deletion does, before the reset
		plugin(t, 0, on(region, "rollback", "--networking-v2-was", "off", "--yes")...)
		kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "delete", "deployment/coderd", "service/coderd", "secret/coder-replica-private-key")
	})
	asExported := func(*unstructured.Unstructured) {}

	// Until it is there, the Fleet names who installs it.
	managed := oneRegion(t, region, func(_ *v1alpha1.Fleet, r *v1alpha1.Region) { r.Satellite.ManagedBy = "argocd" })
	before := marks(t)
	said := plugin(t, 0, "plan", "-f", managed).Stdout
	saysAll(t, "plan", said, []string{"wait until Argo CD's Application " + argoSatellite + " has installed coder 1.21.7", "commit it to Git", "export argocd"})
	quiet(t, before)

	argoInstalls(t, region, asExported)
	kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "wait", "--for=condition=Available", "deployment/coderd")
	objects := satelliteObjects(t, region)
	same := func(when string) {
		t.Helper()
		if now := satelliteObjects(t, region); now != objects {
			t.Errorf("%s: the satellite was changed:\n%s\nnot\n%s", when, now, objects)
		}
		if releases := helm(t, region, "list", "--all", "--namespace", inlab.SatelliteNamespace, "--short"); releases != "" {
			t.Errorf("%s: Helm's releases: %s", when, releases)
		}
	}

	failNextBuild(t, "canary-"+region, "no space left on device")
	failed := plugin(t, 1, on(region, "migrate", "--yes")...)
	saysAll(t, "migrate", failed.Stdout, []string{"no space left on device", "undone enable-networking-v2"})
	networking(t, region, false)
	same("after a failure")

	if result := onceGranted(t, append(withLeastRights(t, region, "fleet.yaml", "migrate"), "--yes")); result.Code != 0 {
		t.Fatal(result)
	}
	roles := plugin(t, 0, "rbac", "-f", "fleet.yaml", "--region", region, "--verb", "migrate", "--serviceaccount", "a:b").Stdout
	for _, role := range strings.Split(roles, "\n---") {
		if strings.Contains(role, "namespace: "+inlab.SatelliteNamespace) && strings.Contains(role, "deployments") && strings.Contains(role, "patch") {
			t.Errorf("rights to install what Argo CD installs: %s", role)
		}
	}
	networking(t, region, true)
	same("after the migration")
	checked(t, region, 0, "satellite-owner", v1alpha1.CheckPass, "Argo CD's Application "+argoSatellite+" owns it")
	checked(t, region, 0, "satellite-installed", v1alpha1.CheckPass, "chart coder 1.21.7, rendered by Argo CD")
	checked(t, region, 0, "satellite-version", v1alpha1.CheckPass)
	before = marks(t)
	plugin(t, 0, on(region, "migrate", "--yes")...)
	quiet(t, before)

	removal := []string{"Argo CD's Application " + argoSatellite + " owns the satellite's release", "argocd app delete " + argoSatellite}
	stoppedBy(t, "satellite-owner", removal, on(region, "remove", "--force", "--reason", "test")...)
	stoppedBy(t, "satellite-owner", removal, on(region, "rollback", "--remove-satellite")...)
	ours := oneRegion(t, region, func(_ *v1alpha1.Fleet, r *v1alpha1.Region) { r.Satellite.ManagedBy = "helm" })
	stoppedBy(t, "satellite-owner", []string{"the Fleet says that helm manages the satellite"}, "migrate", "-f", ours)

	// Git wants something else than the Fleet: that is waited for, and told.
	argoInstalls(t, region, func(application *unstructured.Unstructured) {
		if err := unstructured.SetNestedField(application.Object, "coder-service:1.21.6", "spec", "source", "helm", "valuesObject", "coderd", "image"); err != nil {
			t.Fatal(err)
		}
	})
	waited := plugin(t, 124, on(region, "migrate", "--yes", "--step-timeout", "2s")...)
	saysAll(t, "migrate", waited.Stdout, []string{"Deployment coderd lacks image coder-service:1.21.7", "the satellite's release stays as it is"})
	argoInstalls(t, region, asExported)
	plugin(t, 0, on(region, "migrate", "--yes")...)

	objects = satelliteObjects(t, region)
	plugin(t, 0, on(region, "rollback", "--yes")...)
	networking(t, region, false)
	envproxyServes(t, region)
	same("after the rollback")
}
