package walk

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

func legacyActions() []named {
	helm := func(args ...string) action {
		return func(ctx context.Context, w *walker, v *view, _ step) (string, error) {
			return w.helm(ctx, v.Context, append(args, "--namespace", v.Namespace)...)
		}
	}
	upgrade := func(version string) action {
		return func(ctx context.Context, w *walker, v *view, s step) (string, error) {
			return helm("upgrade", inlab.LegacyRelease, w.lab.LegacyChart(version), "--reuse-values")(ctx, w, v, s)
		}
	}
	scale := func(replicas int) action {
		return func(ctx context.Context, _ *walker, v *view, _ step) (string, error) {
			return fmt.Sprintf("it has %d replicas", replicas), patch(ctx, v.Direct, v.Namespace, "envproxy", scaleTo(replicas))
		}
	}
	list := []named{
		{"helm uninstall of the legacy release", 4, helm("uninstall", inlab.LegacyRelease)},
		{"helm upgrade of the legacy release", 4, upgrade("1.20.0")},
		{"helm upgrade of the legacy release to 1.21.4", 3, upgrade("1.21.4")},
		{"helm rollback of the legacy release", 3, helm("rollback", inlab.LegacyRelease)},
		{"a legacy record is marked", 4, func(ctx context.Context, _ *walker, v *view, s step) (string, error) {
			return markRecord(ctx, v.Direct, v.Namespace, inlab.LegacyRelease, s)
		}},
		{"an annotation is removed", 5, removeAnnotation},
		{"the label of retention is removed", 2, removeLabel},
		{"envproxy is scaled down", 2, scale(0)},
		{"envproxy is scaled up", 2, scale(1)},
		{"a rogue Deployment appears", 4, rogue},
	}
	for i, one := range list {
		list[i].do = func(ctx context.Context, w *walker, v *view, s step) (string, error) {
			if v.BuiltIn {
				return nothing("the built-in provider has no legacy release")
			}
			return one.do(ctx, w, v, s)
		}
	}
	return list
}

// markRecord changes the records of a release as a Helm does that failed or was killed: it
// changes the status of the newest record, or adds a newer one.
func markRecord(ctx context.Context, access *cluster.Access, namespace, release string, s step) (string, error) {
	secrets := access.Clientset().CoreV1().Secrets(namespace)
	list, err := secrets.List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,name=" + release})
	if err != nil {
		return "", err
	}
	if len(list.Items) == 0 {
		return nothing("%s has no record", release)
	}
	record := newestOf(list.Items)
	revision, err := strconv.Atoi(record.Labels["version"])
	if err != nil {
		return "", err
	}
	status, newer := chosen(s, []string{"failed", "failed", "pending-upgrade", "pending-rollback", "uninstalling", "pending-install"}), false
	switch status {
	case "pending-upgrade", "pending-rollback":
		newer = true
	case "failed":
		newer = s.pick%2 == 1
	case "pending-install":
		if revision > 1 {
			return nothing("it was installed long ago")
		}
	}
	if newer {
		revision++
	}
	if err := mark(record, status, revision); err != nil {
		return "", err
	}
	if newer {
		record.ResourceVersion = ""
		_, err = secrets.Create(ctx, record, metav1.CreateOptions{})
	} else {
		_, err = secrets.Update(ctx, record, metav1.UpdateOptions{})
	}
	return fmt.Sprintf("%s says %s", record.Name, status), err
}

// mark changes a record to this revision and status.
func mark(record *corev1.Secret, status string, revision int) error {
	content, err := meddle.DecodeRecord(record.Data["release"])
	if err != nil {
		return err
	}
	info, ok := content["info"].(map[string]any)
	if !ok {
		return errors.New("the record has no info")
	}
	info["status"], content["version"] = status, revision
	record.Labels["status"], record.Labels["version"] = status, strconv.Itoa(revision)
	record.Name = record.Name[:strings.LastIndex(record.Name, ".v")] + ".v" + strconv.Itoa(revision)
	record.Data["release"], err = meddle.EncodeRecord(content)
	return err
}

func newestOf(records []corev1.Secret) *corev1.Secret {
	newest := &records[0]
	for i := range records {
		if len(records[i].Name) > len(newest.Name) || len(records[i].Name) == len(newest.Name) && records[i].Name > newest.Name {
			newest = &records[i]
		}
	}
	return newest
}

func deleteRecords(ctx context.Context, access *cluster.Access, namespace, release string) error {
	return access.Clientset().CoreV1().Secrets(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "owner=helm,name=" + release})
}

func removeAnnotation(ctx context.Context, _ *walker, v *view, s step) (string, error) {
	name := chosen(s, inlab.LegacyObjects())
	resource, object := meddle.LegacyResource(name)
	_, err := v.Direct.Dynamic().Resource(resource).Namespace(v.Namespace).Patch(ctx, object, types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"helm.sh/resource-policy":null}}}`), metav1.PatchOptions{})
	return name + " has no policy", err
}

func removeLabel(ctx context.Context, _ *walker, v *view, _ step) (string, error) {
	secrets := v.Direct.Clientset().CoreV1().Secrets(v.Namespace)
	list, err := secrets.List(ctx, metav1.ListOptions{LabelSelector: "coder-satellite.dev/retained"})
	if err != nil {
		return "", err
	}
	if len(list.Items) == 0 {
		return nothing("no record has the label")
	}
	_, err = secrets.Patch(ctx, list.Items[0].Name, types.MergePatchType, []byte(`{"metadata":{"labels":{"coder-satellite.dev/retained":null}}}`), metav1.PatchOptions{})
	return list.Items[0].Name + " has no label", err
}

// rogueNamespace is the namespace of a user without rights elsewhere.
const rogueNamespace = "somebody"

// rogue is a Deployment of a user who may create Deployments only in their own namespace, with
// annotations that look like Helm's.
func rogue(ctx context.Context, _ *walker, v *view, s step) (string, error) {
	release, namespace := inlab.LegacyRelease, v.Namespace
	switch s.pick % 4 {
	case 0:
		release = "x)"
	case 1:
		release = "another"
	case 2:
		namespace = rogueNamespace
	}
	client := v.Direct.Clientset()
	_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: rogueNamespace}}, metav1.CreateOptions{})
	if err := ignoreExisting(err); err != nil {
		return "", err
	}
	deployment := deploymentOfNothing(metav1.ObjectMeta{
		Name:        fmt.Sprintf("envproxy-%d", s.pick),
		Annotations: map[string]string{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace},
	})
	_, err = client.AppsV1().Deployments(rogueNamespace).Create(ctx, deployment, metav1.CreateOptions{})
	return fmt.Sprintf("it says that it is of %s/%s", namespace, release), err
}

// deploymentOfNothing looks like an envproxy, but runs no pods.
func deploymentOfNothing(meta metav1.ObjectMeta) *appsv1.Deployment {
	labels := map[string]string{"coder.deployment": "envproxy"}
	meta.Labels = labels
	return &appsv1.Deployment{
		ObjectMeta: meta,
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](0),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "envproxy", Image: "somebody:1"}}},
			},
		},
	}
}
