package gitops

import (
	"context"
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

// Flux's HelmReleases, as they are served from Flux 2.3 on.
const group, version, resource = "helm.toolkit.fluxcd.io", "v2", "helmreleases"

// Rights returns the rights to do the verbs with the owner, if it is a HelmRelease: Look needs "get", Suspend "patch".
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
}

// Look reads what the owner does with the release. It takes one request for a HelmRelease, and none otherwise.
func Look(ctx context.Context, client dynamic.Interface, owner Owner) Control {
	control := Control{Owner: owner}
	switch owner.Tool {
	case "":
	case Flux:
		object, err := helmReleases(client, owner).Get(ctx, owner.Name, metav1.GetOptions{})
		if err != nil {
			control.Err = unreadable(owner, err)
		} else {
			control.read(object)
		}
	default:
		control.Err = fmt.Errorf("%s renders charts without Helm's records", owner.Tool)
	}
	return control
}

func helmReleases(client dynamic.Interface, owner Owner) dynamic.ResourceInterface {
	return client.Resource(schema.GroupVersionResource{Group: group, Version: version, Resource: resource}).Namespace(owner.Namespace)
}

// unreadable explains an error. A HelmRelease may be in another cluster, whose Flux manages this one.
func unreadable(owner Owner, err error) error {
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return fmt.Errorf("this cluster has no %s: if it is in another cluster, suspend it there; then, or if it is gone, remove the labels %s and %s from the release's objects",
			owner, fluxName, fluxNamespace)
	}
	return fmt.Errorf("%s cannot be read: %w", owner, err)
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
	c.Suspended = release.Spec.Suspend
	c.Busy = meta.IsStatusConditionTrue(release.Status.Conditions, "Reconciling")
	if ready := meta.FindStatusCondition(release.Status.Conditions, "Ready"); ready != nil {
		c.Ready, c.Message = ready.Status == metav1.ConditionTrue, ready.Message
	}
}

// Acts says how the owner may still change the release; "" if it cannot.
func (c Control) Acts() string {
	switch {
	case !c.Owner.Exists():
		return ""
	case c.Err != nil:
		return fmt.Sprintf("suspension of %s is unknown: %v", c.Owner, c.Err)
	case !c.Suspended:
		return fmt.Sprintf("suspension of %s, which upgrades the release at its next reconciliation", c.Owner)
	case c.Busy:
		return fmt.Sprintf("end of the reconciliation by %s", c.Owner)
	}
	return ""
}

// Suspend suspends Flux's reconciliation of the release. Look reports when one in progress has ended.
func Suspend(ctx context.Context, client dynamic.Interface, owner Owner) error {
	_, err := helmReleases(client, owner).Patch(ctx, owner.Name, types.MergePatchType, []byte(`{"spec":{"suspend":true}}`), metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("%s cannot be suspended: %w", owner, err)
	}
	return nil
}
