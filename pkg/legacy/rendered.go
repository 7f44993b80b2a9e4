package legacy

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// driverNone is the driver of a release without records: Argo CD rendered the chart. Such a release has its Application's name
// and one revision, whose record is made of the live objects and stored nowhere but in the backup.
const driverNone = "none"

// Rendered reports whether Argo CD rendered the release, so that Helm has no record of it.
func (r Release) Rendered() bool { return r.Driver == driverNone }

// searched are the kinds among which the objects of a rendered release are: what the chart makes, or is applied beside it.
func searched() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		{Version: "v1", Kind: "ServiceAccount"}, {Version: "v1", Kind: "Secret"}, {Version: "v1", Kind: "ConfigMap"},
		{Group: rbacv1.GroupName, Version: "v1", Kind: "Role"}, {Group: rbacv1.GroupName, Version: "v1", Kind: "RoleBinding"},
		{Version: "v1", Kind: "Service"}, {Group: "apps", Version: "v1", Kind: "Deployment"}, {Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"},
		// The chart makes none of these: an Application with one has more than a legacy release.
		{Group: "apps", Version: "v1", Kind: "StatefulSet"}, {Group: "apps", Version: "v1", Kind: "DaemonSet"},
		{Group: "batch", Version: "v1", Kind: "Job"}, {Group: "batch", Version: "v1", Kind: "CronJob"},
	}
}

// parts reads the objects of a rendered release: those of a known name, and those that Argo CD counts as the Application's.
func (s Site) parts(ctx context.Context, release Release) ([]*unstructured.Unstructured, error) {
	return ask(s.asked, "parts of "+release.String(), func() ([]*unstructured.Unstructured, error) {
		found, group := make([][]*unstructured.Unstructured, len(searched())), errgroup.Group{}
		for i, kind := range searched() {
			group.Go(func() (err error) {
				found[i], err = s.partsOf(ctx, release, kind)
				return err
			})
		}
		err := group.Wait()
		return slices.Concat(found...), err
	})
}

func (s Site) partsOf(ctx context.Context, release Release, kind schema.GroupVersionKind) (found []*unstructured.Unstructured, err error) {
	resource, _ := meta.UnsafeGuessKindToResource(kind)
	items, err := s.list(ctx, resource, release.Namespace, "", resource.Resource)
	if err != nil && !apierrors.IsNotFound(err) { // an old cluster does not serve the kind in this version
		return nil, err
	}
	for _, item := range items {
		ref := ObjectRef{kind.GroupVersion().String(), kind.Kind, item.Namespace, item.Name}
		tracked := len(item.OwnerReferences) == 0 && release.Owner.Tracks(kind.Kind+":"+item.Namespace+"/"+item.Name, item.Annotations)
		if !tracked && !slices.ContainsFunc(release.Objects, ref.same) {
			continue
		}
		object, err := s.access.Dynamic().Resource(resource).Namespace(item.Namespace).Get(ctx, item.Name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("%s %s cannot be read: %w", ref, inNamespace(item.Namespace), err)
		}
		if kind.Kind == "Secret" && object.Object["type"] == string(corev1.SecretTypeServiceAccountToken) {
			continue // Kubernetes writes it, for one ServiceAccount
		}
		found = append(found, object)
	}
	return found, nil
}

func refOf(object *unstructured.Unstructured) ObjectRef {
	return ObjectRef{object.GetAPIVersion(), object.GetKind(), object.GetNamespace(), object.GetName()}
}

// fromLive completes what is known of a rendered release, maybe from its backup. If one of its objects is gone, that is what a
// missing record is for Helm's releases.
func (s *search) fromLive(ctx context.Context, candidate Release) error {
	var envproxies []string
	for _, claim := range s.claims[candidate.String()] {
		envproxies = append(envproxies, claim.Name)
		candidate.Owner = cmp.Or(candidate.Owner, gitops.OwnerOf(claim.Labels, claim.Annotations))
	}
	found, err := s.parts(ctx, candidate)
	if err != nil {
		return err
	}
	var others []string // which the chart does not make
	var grown []ObjectRef
	there, workloads := 0, []string{"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"}
	for _, object := range found {
		ref := refOf(object)
		switch {
		case slices.ContainsFunc(candidate.Objects, ref.same):
			there++
		case slices.Contains(workloads, ref.Kind) && (ref.Kind != "Deployment" || !slices.Contains(envproxies, ref.Name) && !strings.Contains(ref.Name, "ingress")):
			others = append(others, ref.String())
		default:
			grown = append(grown, ref)
		}
	}
	switch {
	case len(others) == 0:
		candidate.Objects, there = append(candidate.Objects, grown...), there+len(grown)
	case candidate.Backup == "":
		s.found.Unusable = true // it may be in use, and cannot be retained
		s.exclude("Argo CD's Application %s has more than a legacy release (%s): give the legacy release an Application of its own",
			candidate.Name, strings.Join(others, ", "))
		return nil
	} // else it was a legacy release alone when it was retained: what came with others is theirs
	candidate.RecordMissing = there < len(candidate.Objects)
	candidate.Revision, candidate.LatestRevision, candidate.Status = 1, 1, statusDeployed
	candidate.ChartName, candidate.ChartVersion = chartName, "rendered by Argo CD"
	s.take(candidate)
	return nil
}

// rendered makes the record of a rendered release.
func (h Handle) rendered(ctx context.Context) (held, error) {
	found, err := h.parts(ctx, h.Release)
	found = slices.DeleteFunc(slices.Clone(found), func(object *unstructured.Unstructured) bool {
		return !slices.ContainsFunc(h.Objects, refOf(object).same)
	})
	if err == nil && len(found) < len(h.Objects) {
		err = fmt.Errorf("objects of %s were deleted a moment ago: try again", h)
	}
	if err != nil {
		return held{}, err
	}
	manifest := ""
	for _, object := range found {
		text, _ := marshal(applied(object)) // it was read as JSON
		manifest += "---\n" + string(text) + "\n"
	}
	text, _ := marshal(map[string]any{
		"name": h.Name, "version": h.Revision, "manifest": manifest, "info": map[string]string{"status": statusDeployed},
		"chart": map[string]any{"metadata": map[string]string{"name": h.ChartName, "version": h.ChartVersion}},
	})
	return decode(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: recordName(h.Name, h.Revision), Labels: map[string]string{"status": statusDeployed}},
		Data:       map[string][]byte{recordKey: base64.StdEncoding.AppendEncode(nil, text)},
	})
}

// applied returns the live object without what the cluster and we added, to be created again.
func applied(live *unstructured.Unstructured) map[string]any {
	object, annotations := live.DeepCopy(), live.GetAnnotations()
	delete(annotations, corev1.LastAppliedConfigAnnotation)
	if annotations[annotationPolicyAdded] != "" { // else the policy is the chart's own
		delete(annotations, annotationPolicy)
		delete(annotations, annotationPolicyAdded)
	}
	object.Object["metadata"] = map[string]any{
		"name": live.GetName(), "namespace": live.GetNamespace(), "labels": live.GetLabels(), "annotations": annotations,
	}
	delete(object.Object, "status")
	delete(object.Object, "secrets")   // of a ServiceAccount: this one's tokens
	if object.GetKind() == "Service" { // another may have them by then
		unstructured.RemoveNestedField(object.Object, "spec", "healthCheckNodePort")
		ports, _, _ := unstructured.NestedFieldNoCopy(object.Object, "spec", "ports")
		list, _ := ports.([]any)
		for _, port := range list {
			if port, ok := port.(map[string]any); ok {
				delete(port, "nodePort")
			}
		}
	}
	if address, _, _ := unstructured.NestedString(object.Object, "spec", "clusterIP"); address != corev1.ClusterIPNone {
		unstructured.RemoveNestedField(object.Object, "spec", "clusterIP") // by then it may be another's
		unstructured.RemoveNestedField(object.Object, "spec", "clusterIPs")
	}
	return object.Object
}

// bare returns the object without what controllers write all the time: labels, annotations, a Secret's data, how many pods
// an autoscaler wants.
func bare(object map[string]any) map[string]any {
	copied := map[string]any{}
	maps.Copy(copied, object)
	copied["metadata"], _, _ = unstructured.NestedString(object, "metadata", "name")
	switch spec, _ := object["spec"].(map[string]any); object["kind"] {
	case "Deployment":
		spec = maps.Clone(spec)
		delete(spec, "replicas")
		copied["spec"] = spec
	case "Secret":
		delete(copied, "data")
	}
	return copied
}

// control returns what the release's owner does with it. The retention of a rendered release is all that keeps Argo CD off.
func (h Handle) control(ctx context.Context) gitops.Control {
	if h.Rendered() {
		return gitops.Control{Owner: h.Owner, Suspended: true}
	}
	return gitops.Look(ctx, h.access.Dynamic(), h.Owner)
}
