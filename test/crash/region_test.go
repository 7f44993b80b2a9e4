package crash

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// Names of what the lab makes in each region.
const (
	satelliteNamespace = "coder-satellite"
	legacyNamespace    = "coder"
	legacyRecord       = "sh.helm.release.v1.coder-workspace-provider.v1"
)

// region is a region of the lab that is crashed, over and over, through a
// meddler in front of its API server and of the primary.
type region struct {
	name    string
	meddler *meddler
	fronts  []*front
	// direct reaches the cluster without the meddler.
	direct *cluster.Access
	// kubeconfig and fleet lead the plugin to the meddler.
	kubeconfig, fleet string
	// record is the legacy release's record as it was in the beginning.
	record *corev1.Secret
	client *http.Client
	// undisturbed is what an undisturbed run of the verb leaves, and total how
	// many calls it makes.
	undisturbed map[string]string
	total       int
	// plugin is a copy of the plugin's binary, which a build may replace meanwhile.
	plugin string
}

func newRegion(lab *inlab.Lab, name string) (*region, error) {
	r := &region{name: name, meddler: &meddler{}, kubeconfig: lab.Path(name + "-meddled.kubeconfig"), fleet: lab.Path(name + "-meddled.yaml")}
	certFile, keyFile := lab.Path("pki", "server.pem"), lab.Path("pki", "server-key.pem")
	api, err := r.meddler.stand(lab.Region(name).Server, certFile, keyFile, lab.CAFile)
	if err != nil {
		return nil, err
	}
	primary, err := r.meddler.stand(lab.PrimaryURL, certFile, keyFile, lab.CAFile)
	if err != nil {
		return nil, err
	}
	r.fronts = []*front{api, primary}

	config, err := clientcmd.LoadFromFile(lab.Kubeconfig)
	if err != nil {
		return nil, err
	}
	meddled := clientcmdapi.NewConfig()
	meddled.Clusters[name] = &clientcmdapi.Cluster{Server: api.URL, CertificateAuthority: lab.CAFile}
	meddled.AuthInfos["operator"] = config.AuthInfos["operator"]
	meddled.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: "operator"}
	if err := clientcmd.WriteToFile(*meddled, r.kubeconfig); err != nil {
		return nil, err
	}
	fleet := v1alpha1.Fleet{
		Coder:    v1alpha1.Coder{URL: primary.URL, CAFile: filepath.Base(lab.CAFile)},
		Chart:    v1alpha1.Chart{Repo: lab.RepoURL, Name: "coder"},
		Defaults: v1alpha1.Defaults{Values: []string{"common.yaml"}},
		Regions:  []v1alpha1.Region{{Name: name, Context: name, AccessURL: lab.Region(name).AccessURL, Provider: name}},
	}
	fleet.APIVersion, fleet.Kind = v1alpha1.GroupVersion().String(), v1alpha1.KindFleet
	data, err := yaml.Marshal(fleet)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(r.fleet, data, 0o600); err != nil {
		return nil, err
	}

	kubeconfig, err := cluster.LoadKubeconfig(lab.Kubeconfig)
	if err != nil {
		return nil, err
	}
	if r.direct, err = kubeconfig.Open(name, cluster.Options{UserAgent: "crash-test"}); err != nil {
		return nil, err
	}
	if r.record, err = r.direct.Clientset().CoreV1().Secrets(legacyNamespace).Get(context.Background(), legacyRecord, metav1.GetOptions{}); err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(lab.CAFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	r.plugin = lab.Path(name + "-plugin")
	binary, err := os.ReadFile(filepath.Join(lab.Bin, "kubectl-coder_satellite"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(r.plugin, binary, 0o700); err != nil {
		return nil, err
	}
	r.client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}
	return r, nil
}

func (r *region) close() {
	for _, f := range r.fronts {
		f.close()
	}
}

// outcome is how a run of the plugin ended.
type outcome struct {
	code   int
	killed bool
	// disturbed tells that the run came to the call to disturb: one that has to
	// wait less than the one whose calls were counted makes fewer.
	disturbed bool
	output    string
}

// run runs a verb of the real binary on the region, disturbed.
func (r *region) run(lab *inlab.Lab, d disturbance, verb ...string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	args := append(slices.Clone(verb), "-f", r.fleet, "--yes", "--lock-duration", lockDuration(d), "--request-timeout", patience(d),
		"--step-timeout", "60s", "--timeout", "120s", "--evidence-dir", lab.Path("evidence"))
	command := lab.Command(ctx, []string{"KUBECONFIG=" + r.kubeconfig, "CODER_URL=" + r.fronts[1].URL}, r.plugin, args...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	killing := d.kill != nil
	if killing {
		d.kill = func() { _ = command.Process.Kill() } // the shells before it have become it by exec
	}
	r.meddler.begin(d)
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

// lockDuration is how long the lock of a run that is killed outlives it, which
// the next run waits for; others keep theirs on a busy machine, too.
func lockDuration(d disturbance) string {
	if d.kill != nil {
		return "2s"
	}
	return "15s"
}

// patience is how long the plugin waits for an answer: only where one will not
// come, for so short a time that a busy machine may take longer for a good one.
func patience(d disturbance) string {
	if d.fault != "" {
		return "3s"
	}
	return "20s"
}

// reset makes the region what it was in the beginning, whatever it is now.
func (r *region) reset(lab *inlab.Lab) error {
	if done := r.run(lab, disturbance{}, "rollback", "--remove-satellite"); done.code != 0 {
		return fmt.Errorf("rollback: exit code %d: %s", done.code, done.output)
	}
	return errors.Join(r.rewrite(), r.unkeep(), r.forget())
}

// rewrite gives the legacy release's record the content that it had first.
func (r *region) rewrite() error {
	ctx := context.Background()
	secrets := r.direct.Clientset().CoreV1().Secrets(legacyNamespace)
	now, err := secrets.Get(ctx, legacyRecord, metav1.GetOptions{})
	if err != nil {
		return err
	}
	now.Data, now.Labels, now.Annotations = r.record.Data, r.record.Labels, r.record.Annotations
	_, err = secrets.Update(ctx, now, metav1.UpdateOptions{})
	return err
}

// unkeep takes the keep policy from the legacy release's live objects.
func (r *region) unkeep() error {
	ctx := context.Background()
	patch := []byte(`{"metadata":{"annotations":{"helm.sh/resource-policy":null}}}`)
	core, rbac, apps := r.direct.Clientset().CoreV1(), r.direct.Clientset().RbacV1(), r.direct.Clientset().AppsV1()
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

// forget deletes the backups, the journal and the lock.
func (r *region) forget() error {
	ctx := context.Background()
	core := r.direct.Clientset().CoreV1()
	if err := core.Secrets(satelliteNamespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "coder-satellite.dev/backup"}); err != nil {
		return err
	}
	for _, err := range []error{
		core.ConfigMaps(satelliteNamespace).Delete(ctx, "coder-satellite-journal", metav1.DeleteOptions{}),
		r.direct.Clientset().CoordinationV1().Leases(satelliteNamespace).Delete(ctx, "coder-satellite-lock", metav1.DeleteOptions{}),
	} {
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// reinstall installs the legacy release again, after it was removed for good.
func (r *region) reinstall(lab *inlab.Lab) error {
	one := lab.Region(r.name)
	done := lab.Helm(context.Background(), r.name, "upgrade", "--install", "coder-workspace-provider", lab.Path("charts", "workspace-provider-1.20.0.tgz"),
		"--namespace", legacyNamespace, "--set", "envproxy.token=again,envproxy.accessURL="+one.EnvproxyURL+",envproxy.clusterAddress="+one.Server, "--wait")
	if done.Code != 0 {
		return fmt.Errorf("the legacy release could not be installed again: %s", done)
	}
	return errors.Join(r.rewrite(), r.unkeep(), r.forget())
}

// get reads a JSON answer of the region's satellite.
func (r *region) get(url string, out any) error {
	response, err := r.client.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(out)
}

// lastLines returns the end of a text, for a failure's message.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}
