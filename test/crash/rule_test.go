package crash

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// rule checks, without the plugin's help, what must hold at every instant:
// Networking v2 is on only if the satellite is registered with the right key,
// answers, and the legacy release is retained.
func (r *region) rule(lab *inlab.Lab) error {
	provider, err := lab.Provider(r.name)
	if err != nil {
		return err
	}
	if provider.EnableNetV2 == nil || !*provider.EnableNetV2 {
		return nil
	}
	own, err := r.fingerprint()
	if err != nil {
		return fmt.Errorf("Networking v2 is on, but the satellite has no key: %w", err)
	}
	state, err := lab.State()
	if err != nil {
		return err
	}
	registered := false
	for _, satellite := range state.Satellites {
		registered = registered || satellite.Fingerprint == own
	}
	if !registered {
		return fmt.Errorf("Networking v2 is on, but the key %s is not registered: %v", own, state.Satellites)
	}
	var served struct{ Fingerprint string }
	access := lab.Region(r.name).AccessURL
	if err := r.get(access+"/api/private/satellites/key", &served); err != nil || served.Fingerprint != own {
		return fmt.Errorf("Networking v2 is on, but the access URL serves %q, not %q: %w", served.Fingerprint, own, err)
	}
	if err := r.get(access+"/api", &struct{}{}); err != nil {
		return fmt.Errorf("Networking v2 is on, but the satellite does not answer: %w", err)
	}
	if err := r.retained(); err != nil {
		return fmt.Errorf("Networking v2 is on, but the legacy release is not retained: %w", err)
	}
	return nil
}

// fingerprint is of the key in the cluster's Secret.
func (r *region) fingerprint() (string, error) {
	secret, err := r.direct.Clientset().CoreV1().Secrets(satelliteNamespace).Get(context.Background(), "coder-replica-private-key", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(secret.Data["privateKey"])
	if block == nil {
		return "", errors.New("no PEM")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return "", err
		}
		key = parsed.(*ecdsa.PrivateKey)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), nil
}

// retained checks what `helm uninstall` will look at, and that there is a backup.
func (r *region) retained() error {
	ctx := context.Background()
	record, err := r.direct.Clientset().CoreV1().Secrets(legacyNamespace).Get(ctx, legacyRecord, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if record.Labels["coder-satellite.dev/retained"] != "true" {
		return errors.New("the record has no label")
	}
	packed, err := base64.StdEncoding.DecodeString(string(record.Data["release"]))
	if err != nil {
		return err
	}
	unzip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(unzip)
	if err != nil {
		return err
	}
	var release struct{ Manifest string }
	if err := json.Unmarshal(text, &release); err != nil {
		return err
	}
	for _, document := range strings.Split(release.Manifest, "\n---") {
		if strings.Contains(document, "kind:") && !strings.Contains(strings.ReplaceAll(document, "'", ""), "helm.sh/resource-policy: keep") {
			return fmt.Errorf("an object of the stored manifest has no policy: %s", document)
		}
	}
	backups, err := r.direct.Clientset().CoreV1().Secrets(satelliteNamespace).List(ctx, metav1.ListOptions{LabelSelector: "coder-satellite.dev/backup"})
	if err != nil {
		return err
	}
	if len(backups.Items) == 0 {
		return errors.New("there is no backup")
	}
	return nil
}

// complete checks that a region is done, with nothing doubled or left over.
func (r *region) complete(lab *inlab.Lab) error {
	if err := r.rule(lab); err != nil {
		return err
	}
	provider, err := lab.Provider(r.name)
	if err != nil {
		return err
	}
	if provider.EnableNetV2 == nil || !*provider.EnableNetV2 {
		return errors.New("Networking v2 is off")
	}
	state, err := lab.State()
	if err != nil {
		return err
	}
	registrations := 0
	for _, satellite := range state.Satellites {
		if satellite.Name == r.name {
			registrations++
		}
	}
	if registrations != 1 {
		return fmt.Errorf("%d registrations", registrations)
	}
	ctx := context.Background()
	records, err := r.direct.Clientset().CoreV1().Secrets(satelliteNamespace).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		return err
	}
	deployed := 0
	for _, record := range records.Items {
		switch status := record.Labels["status"]; status {
		case "deployed":
			deployed++
		case "superseded":
		default:
			return fmt.Errorf("release record %s is %s", record.Name, status)
		}
	}
	if deployed != 1 {
		return fmt.Errorf("%d releases are deployed", deployed)
	}
	lease, err := r.direct.Clientset().CoordinationV1().Leases(satelliteNamespace).Get(ctx, "coder-satellite-lock", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity != "" {
		return fmt.Errorf("the lock is held by %s", *lease.Spec.HolderIdentity)
	}
	return nil
}

// picture is the region's objects by name, without what differs from run to
// run: identities, times, keys, and the plugin's own notes.
func (r *region) picture() (map[string]string, error) {
	picture := map[string]string{}
	for _, resource := range []schema.GroupVersionResource{
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Version: "v1", Resource: "services"},
		{Version: "v1", Resource: "serviceaccounts"},
		{Version: "v1", Resource: "secrets"},
		{Version: "v1", Resource: "configmaps"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
	} {
		for _, namespace := range []string{legacyNamespace, satelliteNamespace} {
			list, err := r.direct.Dynamic().Resource(resource).Namespace(namespace).List(context.Background(), metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			for i := range list.Items {
				object := &list.Items[i]
				if object.GetLabels()["owner"] == "helm" && namespace == satelliteNamespace {
					continue // how many revisions there are depends on what was cleared
				}
				picture[resource.Resource+" "+namespace+"/"+object.GetName()] = shape(object)
			}
		}
	}
	return picture, nil
}

func shape(object *unstructured.Unstructured) string {
	kept := map[string]any{"labels": object.GetLabels()}
	annotations := maps.Clone(object.GetAnnotations())
	delete(annotations, "deployment.kubernetes.io/revision")
	for _, name := range slices.Collect(maps.Keys(annotations)) {
		if strings.HasSuffix(name, "-at") || strings.HasSuffix(name, "sha256") {
			annotations[name] = "..."
		}
	}
	kept["annotations"] = annotations
	for _, field := range []string{"rules", "subjects", "roleRef", "type"} {
		kept[field] = object.Object[field]
	}
	if spec, ok := object.Object["spec"].(map[string]any); ok {
		for _, assigned := range []string{"clusterIP", "clusterIPs", "ports", "healthCheckNodePort"} {
			delete(spec, assigned)
		}
		kept["spec"] = spec
	}
	data, _ := object.Object["data"].(map[string]any)
	kept["data"] = slices.Sorted(maps.Keys(data))
	text, err := json.Marshal(kept)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
