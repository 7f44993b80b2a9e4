package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// Names that the lab uses in each region.
const (
	satelliteNamespace = "coder-satellite"
	legacyNamespace    = "coder"
	legacyRecord       = "sh.helm.release.v1.coder-workspace-provider.v1"
)

// region is a region of the lab in which runs are disturbed, one after the other.
type region struct {
	*meddle.Region
	// view shows its only provider.
	view *meddle.View
	// record is the legacy release's original record.
	record *corev1.Secret
	// undisturbed has the objects after an undisturbed run of the verb, and total the number of
	// its calls.
	undisturbed map[string]string
	total       int
}

func newRegion(lab *inlab.Lab, name string) (*region, error) {
	opened, err := meddle.Open(lab, name)
	if err != nil {
		return nil, err
	}
	r := &region{Region: opened, view: opened.Views[0]}
	r.record, err = r.view.Direct.Clientset().CoreV1().Secrets(legacyNamespace).Get(context.Background(), legacyRecord, metav1.GetOptions{})
	return r, err
}

// outcome is how a run of the plugin ended.
type outcome struct {
	code   int
	killed bool
	// disturbed is set if the run reached the call to disturb. A run that waits less than the
	// counted one makes fewer calls.
	disturbed bool
	output    string
}

// run runs a verb of the real binary on the region, with a disturbance.
func (r *region) run(lab *inlab.Lab, d meddle.Disturbance, verb string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	args := append(strings.Fields(verb), "-f", r.Fleet(), "--yes", "--lock-duration", lockDuration(d), "--request-timeout", patience(d),
		"--step-timeout", "60s", "--timeout", "120s", "--evidence-dir", lab.Path("evidence"))
	if !strings.HasPrefix(verb, "retain") { // retain measures nothing; elsewhere the calls of a measurement would change the count
		args = append(args, "--measure=false")
	}
	command := r.Command(ctx, nil, args...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	killing := d.Kill != nil
	if killing {
		d.Kill = func() { _ = command.Process.Kill() } // the shells replace themselves with the plugin by exec
	}
	r.Meddler.Begin(d)
	err := command.Run()
	var exit *exec.ExitError
	result := outcome{output: output.String()}
	if errors.As(err, &exit) {
		result.code = exit.ExitCode()
		result.killed = result.code == -1
	} else if err != nil {
		result.code, result.output = -2, result.output+err.Error()
	}
	return result
}

// lockDuration is how long the next run waits for the lock of a killed run. Runs that are not
// killed must keep their lock on a busy machine, too.
func lockDuration(d meddle.Disturbance) string {
	if d.Kill != nil {
		return "2s"
	}
	return "15s"
}

// patience is how long the plugin waits for an answer. It is short only if no answer will come,
// since a busy machine may need longer for a good one.
func patience(d meddle.Disturbance) string {
	if d.Fault != "" {
		return "3s"
	}
	return "20s"
}

// reset restores the region's original state from any other.
func (r *region) reset(lab *inlab.Lab) error {
	if done := r.run(lab, meddle.Disturbance{}, "rollback --remove-satellite --networking-v2-was off"); done.code != 0 {
		return fmt.Errorf("rollback: exit code %d: %s", done.code, done.output)
	}
	return errors.Join(r.rewrite(), r.unkeep(), r.forget())
}

// rewrite restores the original content of the legacy release's record.
func (r *region) rewrite() error {
	ctx := context.Background()
	secrets := r.view.Direct.Clientset().CoreV1().Secrets(legacyNamespace)
	now, err := secrets.Get(ctx, legacyRecord, metav1.GetOptions{})
	if err != nil {
		return err
	}
	now.Data, now.Labels, now.Annotations = r.record.Data, r.record.Labels, r.record.Annotations
	_, err = secrets.Update(ctx, now, metav1.UpdateOptions{})
	return err
}

// unkeep removes the keep policy from the legacy release's live objects.
func (r *region) unkeep() error {
	ctx := context.Background()
	patch := []byte(`{"metadata":{"annotations":{"helm.sh/resource-policy":null}}}`)
	core, rbac, apps := r.view.Direct.Clientset().CoreV1(), r.view.Direct.Clientset().RbacV1(), r.view.Direct.Clientset().AppsV1()
	var errs []error
	for _, account := range []string{"coder", "coder-workspace-provider-environments"} {
		_, err := core.ServiceAccounts(legacyNamespace).Patch(ctx, account, types.MergePatchType, patch, metav1.PatchOptions{})
		errs = append(errs, err)
	}
	_, roleErr := rbac.Roles(legacyNamespace).Patch(ctx, "coder", types.MergePatchType, patch, metav1.PatchOptions{})
	_, bindingErr := rbac.RoleBindings(legacyNamespace).Patch(ctx, "coder", types.MergePatchType, patch, metav1.PatchOptions{})
	_, serviceErr := core.Services(legacyNamespace).Patch(ctx, "envproxy", types.MergePatchType, patch, metav1.PatchOptions{})
	_, deploymentErr := apps.Deployments(legacyNamespace).Patch(ctx, "envproxy", types.MergePatchType, patch, metav1.PatchOptions{})
	return errors.Join(append(errs, roleErr, bindingErr, serviceErr, deploymentErr)...)
}

// forget deletes the backups, the journals and the locks.
func (r *region) forget() error {
	ctx := context.Background()
	core := r.view.Direct.Clientset().CoreV1()
	if err := core.Secrets(legacyNamespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "coder-satellite.dev/backup"}); err != nil {
		return err
	}
	id, err := r.view.ID()
	if err != nil {
		return err
	}
	leases := r.view.Direct.Clientset().CoordinationV1()
	for _, err := range []error{
		core.ConfigMaps(satelliteNamespace).Delete(ctx, inlab.SatelliteJournal, metav1.DeleteOptions{}),
		core.ConfigMaps(legacyNamespace).Delete(ctx, inlab.ProviderJournal(id), metav1.DeleteOptions{}),
		leases.Leases(satelliteNamespace).Delete(ctx, inlab.SatelliteLock, metav1.DeleteOptions{}),
		leases.Leases(legacyNamespace).Delete(ctx, inlab.ProviderLock(id), metav1.DeleteOptions{}),
	} {
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// reinstall installs the legacy release again after it was removed for good.
func (r *region) reinstall(lab *inlab.Lab) error {
	one := lab.Region(r.Name)
	done := lab.Helm(context.Background(), r.Name, "upgrade", "--install", "coder-workspace-provider", lab.Path("charts", "workspace-provider-1.20.0.tgz"),
		"--namespace", legacyNamespace, "--set", "envproxy.token=again,envproxy.accessURL="+one.EnvproxyURL+",envproxy.clusterAddress="+one.Server, "--wait")
	if done.Code != 0 {
		return fmt.Errorf("the legacy release could not be installed again: %s", done)
	}
	return errors.Join(r.rewrite(), r.unkeep(), r.forget())
}

// lastLines returns the end of a text for an error message.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}
