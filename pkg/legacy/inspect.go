package legacy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Readiness tells whether a rollback to the legacy release would work now.
type Readiness struct {
	Ready bool
	// Problems say what is in the way.
	Problems []string
}

func (r *Readiness) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// Inspect examines the release's retention and whether a rollback to it would
// work, without writing. The namespace is the satellite's, where backups are.
// A record that is gone or cannot be read is a finding; the error is for what
// could not be found out.
func Inspect(ctx context.Context, access *cluster.Access, release Release, namespace string) (Retention, Readiness, error) {
	var ready Readiness
	records, err := records(ctx, access, release)
	if errors.Is(err, errNoRecord) {
		return inspectBackup(ctx, access, release, namespace, err)
	}
	if err != nil {
		return Retention{}, Readiness{}, err
	}
	if latest := records[len(records)-1]; latest.status != statusDeployed {
		release.Status, release.LatestRevision = latest.status, latest.record.Version
		ready.problem("%s", unfinished(release))
	}
	objects, err := objectsOf(records[:1], release.Namespace)
	if err != nil {
		return Retention{}, Readiness{}, fmt.Errorf("the record of release %s revision %d: %w", release, release.Revision, err)
	}
	found, err := look(ctx, access, objects)
	if err != nil {
		return Retention{}, Readiness{}, err
	}
	kept, err := retention(ctx, access, namespace, release, records, found)
	if err != nil {
		return Retention{}, Readiness{}, err
	}
	err = ready.live(ctx, access, release, found)
	ready.Ready = len(ready.Problems) == 0
	return kept, ready, err
}

// inspectBackup is Inspect for a release without a record.
func inspectBackup(ctx context.Context, access *cluster.Access, release Release, namespace string, cause error) (Retention, Readiness, error) {
	var ready Readiness
	kept := Retention{Missing: []string{"the release's record: somebody uninstalled the release; `kubectl coder-satellite retain` restores the record from the backup, and so does `rollback`"}}
	ready.problem("%v", cause)
	b, err := latestBackup(ctx, access, namespace, release)
	if apierrors.IsForbidden(err) {
		return kept, ready, err
	}
	if err != nil {
		kept.miss("%v", err)
		ready.problem("%v", err)
		return kept, ready, nil
	}
	kept.Backup, kept.BackupName, kept.BackupDigest = true, b.secret.Name, digestOf(b.secret.Data[recordKey])
	objects, err := manifestObjects(b.record.Manifest, release.Namespace)
	if err != nil {
		return kept, ready, fmt.Errorf("the backup %s/%s: %w", namespace, b.secret.Name, err)
	}
	found, err := look(ctx, access, objects)
	if err != nil {
		return kept, ready, err
	}
	kept.Live = len(unkept(release, found)) == 0
	err = ready.live(ctx, access, release, found)
	return kept, ready, err
}

// unfinished explains a status other than deployed, and what to do.
func unfinished(release Release) string {
	undo := fmt.Sprintf("`helm rollback %s %d --namespace %s`", release.Name, release.Revision, release.Namespace)
	if strings.HasPrefix(release.Status, "pending-") || release.Status == "uninstalling" {
		return fmt.Sprintf("release %s is in %s at revision %d: a Helm operation is running or was killed; if nobody runs one, %s ends it",
			release, release.Status, release.LatestRevision, undo)
	}
	return fmt.Sprintf("the latest revision of release %s, %d, is %s while %d is deployed; %s puts that right",
		release, release.LatestRevision, release.Status, release.Revision, undo)
}

// live adds the problems of the objects and of envproxy.
func (r *Readiness) live(ctx context.Context, access *cluster.Access, release Release, objects []live) error {
	for _, l := range objects {
		switch {
		case !l.served && l.object != nil:
			r.problem("%s is there, but the manifest has it in %s, which this cluster does not serve: Helm can neither upgrade nor roll back the release", l.ref, l.ref.APIVersion)
		case !l.served:
			r.problem("%s is in %s, which this cluster does not serve", l.ref, l.ref.APIVersion)
		case l.object == nil:
			r.problem("%s does not exist %s", l.ref, inNamespace(l.ref.Namespace))
		}
	}
	if release.Deployment == "" {
		return nil // its absence is among the objects
	}
	deployment, err := access.Clientset().AppsV1().Deployments(release.Namespace).Get(ctx, release.Deployment, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("Deployment %s/%s cannot be read: %w", release.Namespace, release.Deployment, err)
	}
	if reason := unavailable(deployment); reason != "" {
		r.problem("Deployment %s/%s is not available: %s", release.Namespace, release.Deployment, reason)
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
