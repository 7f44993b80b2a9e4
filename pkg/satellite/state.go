package satellite

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// Names of the chart's objects (coder/enterprise-helm, templates/coderd.yaml).
const (
	KeySecret      = "coder-replica-private-key"
	KeySecretField = "privateKey"
	Workload       = "coderd" // the Deployment
)

// State is the actual state of a satellite's release.
type State struct {
	// Installed is set when a revision is deployed.
	Installed bool
	// Revision is the deployed revision; 0 if none is.
	Revision int
	// LastRevision is the newest revision, and LastStatus its status, for example "pending-upgrade".
	LastRevision int
	LastStatus   string
	// Pending is the unfinished Helm operation on the release; nil if none.
	Pending *Pending
	// ChartName, ChartVersion and AppVersion are those of the deployed revision.
	ChartName, ChartVersion, AppVersion string
	// Values are those given for the deployed revision.
	Values map[string]any
	// Kinds are those of the deployed revision's objects, each once.
	Kinds []schema.GroupKind

	// Rendered is the Deployment of a satellite that Argo CD rendered; nil if there is none. Helm's records then count for
	// nothing, so Revision and LastRevision are 0, and Values are those that the Deployment shows.
	Rendered *appsv1.Deployment
	// Control is what the GitOps controller does that owns the release, or is to own it according to the Fleet file.
	Control gitops.Control

	// Workload is set when the release's Deployment exists, whatever Helm's records say.
	Workload bool
	// Ready is set when the pods of the deployed revision are ready; otherwise Blocker says why not.
	Ready   bool
	Blocker string
	// PublicKey, in PEM, and Fingerprint identify the key in the cluster's Secret; both are empty without one.
	PublicKey, Fingerprint string
	// RecordedKey and RecordedFingerprint are the same for the key in Helm's record of the deployed revision if the
	// Secret is gone, for RestoreKey; otherwise empty.
	RecordedKey, RecordedFingerprint string
	// LoadBalancer are the addresses of what leads to the satellite, IP addresses first. AddressOf names it, "Service
	// coderd" or "Ingress coderd-ingress", and is empty if the cluster will give no address.
	LoadBalancer []string
	AddressOf    string
	// NamespacePhase is "Active", "Terminating", or empty if the namespace does not exist.
	NamespacePhase string
	// Conflict names another Coder deployment in the namespace; empty if none.
	Conflict string
}

// Superseded reports whether a newer revision than the deployed one failed or did not end, with unknown effect.
func (s State) Superseded() bool { return s.Installed && s.LastRevision > s.Revision }

// Exists reports whether there is a release, whatever its status.
func (s State) Exists() bool { return s.LastRevision > 0 || s.Rendered != nil }

// LostKey reports whether the Secret with the satellite's key is gone but can be restored. To the primary, a new key would
// be a different satellite.
func (s State) LostKey() bool { return s.PublicKey == "" && s.RecordedKey != "" }

// Matches reports whether the deployed revision is as specified, or how it differs, without values: they may be secret. The
// owner of a release may give further values.
func (s State) Matches(spec Spec, c *Chart) (bool, []string) {
	var differences []string
	if !s.Installed {
		return false, []string{"no revision is deployed"}
	}
	if s.Rendered != nil {
		differences = s.renderedDifferences(spec, c)
		return len(differences) == 0, differences
	}
	switch {
	case s.Pending != nil:
		differences = append(differences, "a Helm operation on it did not end: "+s.LastStatus)
	case s.Superseded():
		differences = append(differences, fmt.Sprintf("revision %d is deployed, and a newer one, %d, is %s", s.Revision, s.LastRevision, s.LastStatus))
	}
	// Flux adds a digest to the version of a chart from an OCI registry
	version, _, _ := strings.Cut(s.ChartVersion, "+")
	if s.ChartName != c.Metadata.Name || s.ChartVersion != c.Metadata.Version && (s.Control.Owner.Tool != gitops.Flux || version != c.Metadata.Version) {
		differences = append(differences, fmt.Sprintf("chart %s %s -> %s %s", s.ChartName, s.ChartVersion, c.Metadata.Name, c.Metadata.Version))
	}
	values, wanted := plainSatellite(s.Values), plainSatellite(spec.Values)
	missing := missingValues(values, wanted, "")
	if owned := s.Control.Owner.Exists(); owned && len(missing) > 0 {
		differences = append(differences, "the values differ: "+strings.Join(missing, ", "))
	} else if !owned && len(values)+len(wanted) > 0 && !reflect.DeepEqual(values, wanted) {
		differences = append(differences, "the values differ")
	}
	if len(missing) > 0 {
		was, is := lookup(s.Values, "coderd", "satellite", "accessURL"), lookup(spec.Values, "coderd", "satellite", "accessURL")
		if was != nil && was != is { // no secret, and worth showing
			differences = append(differences, fmt.Sprintf("access URL %v -> %v", was, is))
		}
	}
	return len(differences) == 0, differences
}

// missingValues returns the keys whose wanted values are not there, sorted.
func missingValues(is, wanted map[string]any, at string) (keys []string) {
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		table, isTable := wanted[key].(map[string]any)
		there, _ := is[key].(map[string]any)
		switch {
		case isTable && (there != nil || is[key] == nil):
			keys = append(keys, missingValues(there, table, at+key+".")...)
		case !reflect.DeepEqual(is[key], wanted[key]):
			keys = append(keys, at+key)
		}
	}
	return keys
}

// plainSatellite returns values as JSON holds them, like stored ones, and a satellite's in their plain form.
func plainSatellite(values map[string]any) (plainly map[string]any) {
	text, err := json.Marshal(values)
	if err != nil || json.Unmarshal(text, &plainly) != nil {
		return values
	}
	if satellite, ok := lookup(plainly, "coderd", "satellite").(map[string]any); ok {
		for _, key := range fixedKeys() {
			satellite[key] = plain(satellite[key])
		}
	}
	return plainly
}
