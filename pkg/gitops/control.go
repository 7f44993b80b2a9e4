package gitops

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

const group, resource = "helm.toolkit.fluxcd.io", "helmreleases"

// fieldManager is the one whose fields Flux's Kustomization leaves alone, even if Git does not have them (Flux,
// Kustomization, "Controlling the apply behavior of resources"). It would take over those of any name that begins with "kubectl".
const fieldManager = "flux-client-side-apply"

// Rights returns the rights to do the verbs with the owner, if it is a HelmRelease: Look needs "get", SetSuspended "patch".
func (o Owner) Rights(verbs ...string) []cluster.Rule {
	if o.Tool != Flux {
		return nil
	}
	return cluster.Resource{Group: group, Resource: resource, Namespaced: true}.In(o.Namespace, verbs...)
}

// Control is what the owner of a release does with it.
type Control struct {
	Owner           Owner
	Err             error // why the rest is unknown; nil if it is known or there is no owner
	Suspended, Busy bool  // the controller is suspended; a reconciliation is in progress
	Ready           bool  // the release is as its owner wants it
	Message         string
	ReplacesKey     bool                 // an Application may replace the satellite's key in its next sync
	Applier         types.NamespacedName // Flux's Kustomization that applies the HelmRelease; empty if unknown
	Version         string               // in which the HelmRelease is served
	Declared        bool                 // the Fleet file names the owner, and the release does not bear its marks (yet)
}

// Look reads what the owner does with the release. It takes one request for a HelmRelease, more if Flux
// is older than 2.3, and none otherwise.
func Look(ctx context.Context, client dynamic.Interface, owner Owner) Control {
	control := Control{Owner: owner}
	switch owner.Tool {
	case "":
	case Flux:
		control.lookUp(ctx, client)
	default:
		control.Err = fmt.Errorf("%s renders charts without Helm's records, so it does not keep this release's up to date", owner.Tool)
	}
	return control
}

func (c *Control) lookUp(ctx context.Context, client dynamic.Interface) {
	for _, c.Version = range []string{"v2", "v2beta2", "v2beta1"} { // that Flux has served, from 2.3 on and before
		object, err := c.helmReleases(client).Get(ctx, c.Owner.Name, metav1.GetOptions{})
		switch {
		case err == nil:
			c.read(object)
			return
		case !apierrors.IsNotFound(err):
			c.Err = fmt.Errorf("%s cannot be read: %w", c.Owner, err)
			return
		}
	}
	// A HelmRelease may be in another cluster, whose Flux manages this one.
	c.Err = fmt.Errorf("%w: if it is in another cluster, suspend it there; then, or if it was deleted, remove the labels %s and %s from the release's Deployment",
		&AbsentError{c.Owner}, fluxName, fluxNamespace)
}

// AbsentError says that the cluster has no such HelmRelease.
type AbsentError struct{ Owner Owner }

func (e *AbsentError) Error() string { return e.Owner.String() + " is not in this cluster" }

// Absent reports whether the cluster has no such object. One that may not be read is not absent, and an absent one may be in
// another cluster.
func (c Control) Absent() bool {
	_, absent := errors.AsType[*AbsentError](c.Err)
	return absent || apierrors.IsNotFound(c.Err)
}

func (c Control) helmReleases(client dynamic.Interface) dynamic.ResourceInterface {
	return client.Resource(schema.GroupVersionResource{Group: group, Version: c.Version, Resource: resource}).Namespace(c.Owner.Namespace)
}

func (c *Control) read(object *unstructured.Unstructured) {
	var release struct {
		Spec struct {
			Suspend bool `json:"suspend"`
		} `json:"spec"`
		Status struct {
			Conditions []metav1.Condition `json:"conditions"`
		} `json:"status"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &release); err != nil {
		c.Err = fmt.Errorf("%s cannot be understood: %w", c.Owner, err)
		return
	}
	labels := object.GetLabels()
	c.Applier.Namespace, c.Applier.Name = labels["kustomize.toolkit.fluxcd.io/namespace"], labels["kustomize.toolkit.fluxcd.io/name"]
	c.Suspended = release.Spec.Suspend
	// One that waits for a retry, for its source or for others keeps Reconciling, also when it is suspended then.
	c.Busy = meta.IsStatusConditionTrue(release.Status.Conditions, "Reconciling") && !meta.IsStatusConditionFalse(release.Status.Conditions, "Ready")
	if ready := meta.FindStatusCondition(release.Status.Conditions, "Ready"); ready != nil {
		c.Ready, c.Message = ready.Status == metav1.ConditionTrue, ready.Message
	}
}

// Unsuspended reports whether the owner certainly reconciles the release.
func (c Control) Unsuspended() bool { return c.Owner.Exists() && c.Err == nil && !c.Suspended }

// Acts says how the owner may still change the release; "" if it cannot.
func (c Control) Acts() string {
	switch {
	case !c.Owner.Exists():
		return ""
	case c.Err != nil:
		return fmt.Sprintf("suspension of %s is unknown: %v", c.Owner, c.Err)
	case c.Unsuspended():
		return fmt.Sprintf("suspension of %s, which upgrades the release at its next reconciliation", c.Owner)
	case c.Busy:
		return fmt.Sprintf("end of the reconciliation by %s", c.Owner)
	}
	return ""
}

// SetSuspended suspends or resumes Flux's reconciliation of the release, whose HelmRelease Look has read. Look reports when
// one in progress has ended.
func (c Control) SetSuspended(ctx context.Context, client dynamic.Interface, suspended bool) error {
	patch, options := `{"spec":{"suspend":true}}`, metav1.PatchOptions{FieldManager: fieldManager}
	if !suspended {
		patch = `{"spec":{"suspend":null}}` // as it was
	}
	if _, err := c.helmReleases(client).Patch(ctx, c.Owner.Name, types.MergePatchType, []byte(patch), options); err != nil {
		return fmt.Errorf("%s cannot be changed to suspend: %t: %w", c.Owner, suspended, err)
	}
	return nil
}
