package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// argo plays Argo CD with one Application, which has the legacy chart of a region.
type argo struct {
	region string
	git    []*unstructured.Unstructured
}

const (
	argoApplication = "envproxy-sydney"
	argoTracking    = "argocd.argoproj.io/tracking-id"
	argoOptions     = "argocd.argoproj.io/sync-options"
)

// argoOwns makes Argo CD what has applied the legacy chart: the same objects, with its marks and without Helm's record.
func argoOwns(t *testing.T, region string) *argo {
	t.Helper()
	freshLegacy(t, region)
	played := &argo{region: region}
	for document := range strings.SplitSeq(helm(t, region, "get", "manifest", inlab.LegacyRelease, "--namespace", inlab.LegacyNamespace), "\n---") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			t.Fatal(err)
		}
		if object.Object == nil {
			continue
		}
		group := object.GroupVersionKind().Group
		annotations := map[string]string{argoTracking: fmt.Sprintf("%s:%s/%s:%s/%s", argoApplication, group, object.GetKind(), inlab.LegacyNamespace, object.GetName())}
		if object.GetKind() == "Service" {
			annotations[argoOptions] = "Validate=false,Prune=false,Delete=false" // as Git has it
		}
		object.SetAnnotations(annotations)
		played.git = append(played.git, object)
	}
	if len(played.git) != len(inlab.LegacyObjects()) {
		t.Fatalf("the chart has the objects %v", played.git)
	}
	helm(t, region, "uninstall", inlab.LegacyRelease, "--namespace", inlab.LegacyNamespace, "--wait")
	played.sync(t)
	played.available(t)
	return played
}

// sync applies what is in Git, as a sync and self-heal do, and prunes the rest.
func (a *argo) sync(t *testing.T) {
	t.Helper()
	for _, object := range a.git {
		text, err := json.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		kubectl(t, a.region, "apply", "--filename", writeInLab(t, "object.json", text))
	}
	for _, live := range a.live(t) {
		inGit := slices.ContainsFunc(a.git, func(o *unstructured.Unstructured) bool {
			return o.GetKind() == live.GetKind() && o.GetName() == live.GetName()
		})
		if !inGit && !a.has(live, "Prune=false") {
			a.remove(t, live)
		}
	}
}

// drop deletes the Application with its objects, as `argocd app delete` does.
func (a *argo) drop(t *testing.T) {
	t.Helper()
	for _, live := range a.live(t) {
		if !a.has(live, "Delete=false") && live.GetAnnotations()["helm.sh/resource-policy"] != "keep" {
			a.remove(t, live)
		}
	}
	a.git = nil
}

// live are the objects in the cluster that bear the Application's marks.
func (a *argo) live(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	var list unstructured.UnstructuredList
	text := kubectl(t, a.region, "--namespace", inlab.LegacyNamespace, "get", "deployments,services,serviceaccounts,roles,rolebindings", "-o", "json")
	if err := list.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	var own []*unstructured.Unstructured
	for i := range list.Items {
		if strings.HasPrefix(list.Items[i].GetAnnotations()[argoTracking], argoApplication+":") {
			own = append(own, &list.Items[i])
		}
	}
	return own
}

func (a *argo) has(object *unstructured.Unstructured, option string) bool {
	return slices.Contains(strings.Split(object.GetAnnotations()[argoOptions], ","), option)
}

func (a *argo) remove(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	kubectl(t, a.region, "--namespace", inlab.LegacyNamespace, "delete", strings.ToLower(object.GetKind()), object.GetName())
}

func (a *argo) available(t *testing.T) {
	t.Helper()
	kubectl(t, a.region, "--namespace", inlab.LegacyNamespace, "wait", "--for=condition=Available", "deployment/envproxy")
}

// A legacy release that Argo CD rendered is migrated and comes back like Helm's, whatever Argo CD prunes, heals or deletes.
func TestLongArgoCDOwnsLegacy(t *testing.T) {
	const region = "sydney"
	played := argoOwns(t, region)
	t.Cleanup(func() { // before the reset, which needs a legacy release
		if err := lab.SetVersion("1.21.7"); err != nil {
			t.Error(err)
		}
		if err := lab.ReinstallLegacy(context.WithoutCancel(t.Context()), region); err != nil {
			t.Error(err)
		}
		plugin(t, 0, on(region, "rollback", "--remove-satellite", "--networking-v2-was", "off", "--yes")...)
	})
	least := func(verb string) {
		t.Helper()
		done := t.Run(verb+" with the roles that rbac prints for it", func(t *testing.T) {
			if result := onceGranted(t, append(withLeastRights(t, region, "fleet.yaml", verb), "--yes")); result.Code != 0 {
				t.Fatal(result)
			}
		})
		if !done {
			t.FailNow()
		}
	}

	before := marks(t)
	planned := plugin(t, 0, on(region, "plan")...)
	saysAll(t, "plan", planned.Stdout, []string{"retain coder/" + argoApplication + " revision 1 (chart rendered by Argo CD)", argoOptions + "=Prune=false,Delete=false on the live"})
	quiet(t, before)
	objects := identities(t, region)
	least("migrate")
	networking(t, region, true)
	sameObjects(t, region, objects)
	checked(t, region, 0, "legacy-owner", v1alpha1.CheckPass, "Argo CD's Application "+argoApplication+" owns it, and neither prunes nor deletes what is retained")
	checked(t, region, 0, "legacy-retained", v1alpha1.CheckPass, "is retained")

	// Argo CD heals itself, and prunes what Git no longer has.
	played.sync(t)
	sameObjects(t, region, objects)
	checked(t, region, 0, "legacy-retained", v1alpha1.CheckPass)
	git := played.git
	played.git = nil
	played.sync(t)
	sameObjects(t, region, objects)
	checked(t, region, 0, "legacy-retained", v1alpha1.CheckPass)
	played.git = git

	// What undoes it is told, and repaired.
	kubectl(t, region, "--namespace", inlab.LegacyNamespace, "annotate", "deployment", "envproxy", argoOptions+"-")
	checked(t, region, 1, "legacy-retained", v1alpha1.CheckFail, argoOptions+"=Prune=false,Delete=false on the live Deployment/envproxy", "kubectl coder-satellite retain")
	least("retain")
	kubectl(t, region, "--namespace", inlab.LegacyNamespace, "patch", "deployment", "envproxy", "--patch", `{"spec":{"revisionHistoryLimit":3}}`)
	checked(t, region, 1, "legacy-retained", v1alpha1.CheckFail, "backup of revision 1 as it is now", "kubectl coder-satellite retain")
	plugin(t, 0, on(region, "retain", "--yes")...)
	checked(t, region, 0, "legacy-retained", v1alpha1.CheckPass)

	// Somebody deletes the envproxy, and the way back restores it.
	kubectl(t, region, "--namespace", inlab.LegacyNamespace, "delete", "deployment/envproxy", "service/envproxy", "rolebinding/coder")
	checked(t, region, 1, "legacy-retained", v1alpha1.CheckFail, "somebody uninstalled the release", "kubectl coder-satellite retain")
	checked(t, region, 1, "legacy-rollback-ready", v1alpha1.CheckWarn, "Deployment/envproxy does not exist", "kubectl coder-satellite rollback")
	plugin(t, 0, on(region, "rollback", "--yes")...)
	networking(t, region, false)
	envproxyServes(t, region)
	if limit := kubectl(t, region, "--namespace", inlab.LegacyNamespace, "get", "deployment", "envproxy", "-o", "jsonpath={.spec.revisionHistoryLimit}"); limit != "3" {
		t.Errorf("the restored Deployment has revisionHistoryLimit %q", limit)
	}
	played.sync(t)
	envproxyServes(t, region)

	plugin(t, 0, on(region, "migrate", "--yes")...)
	if err := lab.SetVersion("1.22.3"); err != nil {
		t.Fatal(err)
	}
	plugin(t, 0, on(region, "migrate", "--yes")...)
	unmark := []string{
		"argocd app delete " + argoApplication + " --cascade=false",
		"kubectl --context " + region + " --namespace coder annotate deployment envproxy " + argoTracking + "-",
	}
	stoppedBy(t, "legacy-owner", unmark, on(region, "finalize")...)
	objects = identities(t, region)
	played.drop(t)
	sameObjects(t, region, objects)
	for _, command := range unmark[1:] {
		kubectl(t, region, strings.Fields(strings.TrimPrefix(command, "kubectl --context "+region+" "))...)
	}
	preview := plugin(t, 0, on(region, "finalize", "--dry-run")...)
	saysAll(t, "finalize", preview.Stdout+preview.Stderr, []string{"removed: Deployment/envproxy", "removed: Service/envproxy", "kept: ServiceAccount/coder", "kept: Role/coder", "kept: RoleBinding/coder"})
	least("finalize")
	left := identities(t, region)
	if len(left) != 4 || left["deployment/envproxy"] != "" || left["service/envproxy"] != "" {
		t.Errorf("left: %v", left)
	}
	plugin(t, 0, on(region, "status")...)
}

// With an Application that has more than the legacy chart, or without the marks of one, nothing is touched.
func TestArgoCDOwnsMore(t *testing.T) {
	const region = "sydney"
	argoOwns(t, region)
	t.Cleanup(func() {
		kubectl(t, region, "--namespace", inlab.LegacyNamespace, "delete", "deployment/more")
		if err := lab.ReinstallLegacy(context.WithoutCancel(t.Context()), region); err != nil {
			t.Error(err)
		}
	})
	kubectl(t, region, "--namespace", inlab.LegacyNamespace, "create", "deployment", "more", "--image=more:1", "--replicas=0")
	kubectl(t, region, "--namespace", inlab.LegacyNamespace, "annotate", "deployment", "more", argoTracking+"="+argoApplication+":apps/Deployment:coder/more")
	stoppedBy(t, "legacy-found", []string{"Application " + argoApplication + " has more than a legacy release (Deployment/more)"}, on(region, "migrate")...)
}
