package legacy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// Readiness says whether a rollback to the legacy release would work now, or what is in the way.
type Readiness struct {
	Ready    bool
	Problems []string
}

func (r *Readiness) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// Inspect examines the release's retention, and whether a rollback to it would work, without writing. A record that is
// gone or cannot be read is a finding; the error is for what cannot be determined.
func (h Handle) Inspect(ctx context.Context) (Retention, Readiness, error) {
	h.Site = h.Once()
	records, err := h.records(ctx)
	if errors.Is(err, errNoRecord) {
		return h.inspectBackup(ctx, err)
	}
	if err != nil {
		return Retention{}, Readiness{}, err
	}
	var ready Readiness
	if h.latest(records); h.Status != statusDeployed {
		ready.problem("%s", h.unfinished())
	}
	missing := make([][]string, len(records))
	var control gitops.Control
	var group errgroup.Group // independent requests at once; no error cancels the others
	for i, c := range records {
		group.Go(func() (err error) {
			missing[i], err = h.missingOf(ctx, c)
			return err
		})
	}
	group.Go(func() error {
		control = h.control(ctx)
		return nil
	})
	objects, err := h.lookAt(ctx, records[0])
	if errs := group.Wait(); errs != nil || err != nil {
		return Retention{}, Readiness{}, cmp.Or(errs, err)
	}
	kept := Retention{Missing: slices.Concat(missing...), Control: control}
	if acts := control.Acts(); acts != "" {
		kept.Missing = append(kept.Missing, acts)
	}
	for _, l := range objects {
		if l.object != nil && h.Rendered() && l.foreign(h.Release) != "" {
			kept.Missing = append(kept.Missing, fmt.Sprintf("%s, which is not the Application's any more: %s", l, l.foreign(h.Release)))
		}
	}
	if lacking := h.unkept(objects); len(lacking) > 0 {
		what := annotationPolicy + "=" + policyKeep
		if h.Rendered() {
			what += " or " + gitops.SyncOptions + "=" + gitops.Retaining("")
		}
		kept.Missing = append(kept.Missing, fmt.Sprintf("annotation %s on the live %s", what, listed(lacking)))
	}
	err = h.live(ctx, &ready, objects)
	kept.Complete, ready.Ready = len(kept.Missing) == 0, len(ready.Problems) == 0
	return kept, ready, err
}

func (s Site) deployment(ctx context.Context, namespace, name string) (*appsv1.Deployment, error) {
	return ask(s.asked, "deployment "+namespace+"/"+name, func() (*appsv1.Deployment, error) {
		return s.access.Clientset().AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	})
}

// inspectBackup is Inspect for a release without a record.
func (h Handle) inspectBackup(ctx context.Context, cause error) (Retention, Readiness, error) {
	var ready Readiness
	kept := Retention{Control: h.control(ctx), Missing: []string{"the release's record or objects: somebody uninstalled the release; " +
		"`kubectl coder-satellite retain` restores it from the backup, and so does `rollback`"}}
	ready.problem("%v", cause)
	b, err := h.latestBackup(ctx)
	switch {
	case apierrors.IsForbidden(err):
		return kept, ready, err
	case err != nil:
		kept.Missing = append(kept.Missing, err.Error())
		ready.problem("%v", err)
		return kept, ready, nil
	}
	objects, err := h.lookAt(ctx, *b)
	if err == nil {
		err = h.live(ctx, &ready, objects)
	}
	return kept, ready, err
}

// live adds the problems of the objects and of envproxy.
func (h Handle) live(ctx context.Context, r *Readiness, objects []live) error {
	for _, l := range objects {
		switch {
		case !l.served && l.object != nil:
			r.problem("%s is there, but the manifest has it in %s, which this cluster does not serve: "+
				"Helm can neither upgrade nor roll back the release", l, l.APIVersion)
		case !l.served:
			r.problem("%s is in %s, which this cluster does not serve", l, l.APIVersion)
		case l.object == nil:
			r.problem("%s does not exist %s", l, inNamespace(l.Namespace))
		}
	}
	if h.Deployment == "" {
		return nil // its absence is among the objects
	}
	deployment, err := h.deployment(ctx, h.Namespace, h.Deployment)
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		return fmt.Errorf("Deployment %s/%s cannot be read: %w", h.Namespace, h.Deployment, err)
	default:
		if reason := unavailable(deployment); reason != "" {
			r.problem("Deployment %s/%s is not available: %s", deployment.Namespace, deployment.Name, reason)
		}
	}
	return nil
}

// unavailable says why a Deployment does not serve; empty if it does.
func unavailable(d *appsv1.Deployment) string {
	if d.Spec.Replicas != nil && *d.Spec.Replicas == 0 {
		return "it is scaled to 0 replicas"
	}
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentAvailable && condition.Status != corev1.ConditionTrue {
			return strings.TrimSpace(condition.Reason + " " + condition.Message)
		}
	}
	if d.Status.AvailableReplicas == 0 {
		return "none of its pods is ready"
	}
	return ""
}
