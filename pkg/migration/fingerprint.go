package migration

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// satelliteBasis returns the facts about the satellite that a plan over s rests on.
func satelliteBasis(s *snapshot.Snapshot) v1alpha1.SatelliteBasis {
	basis := v1alpha1.SatelliteBasis{
		ClusterUID:        s.Cluster.Value().UID,
		SatelliteRevision: s.Satellite.Value().Revision,
		ConnectTo:         s.Region.Satellite.ConnectTo,
		ChartRepo:         repoOf(s.Region.Satellite.Chart),
	}
	if chart, ok := s.Chart.Get(); ok {
		basis.ChartName, basis.ChartVersion, basis.ChartDigest = chart.Metadata.Name, chart.Metadata.Version, chart.Digest
	}
	if spec, ok := s.Spec.Get(); ok {
		basis.ValuesDigest = digest(spec.Values)
	}
	if own, ok := s.Registration(); ok {
		basis.Registration = own.Fingerprint
	}
	return basis
}

// providerBasis returns the facts about the provider that a plan over s rests on.
func providerBasis(s *snapshot.Snapshot) v1alpha1.ProviderBasis {
	basis := v1alpha1.ProviderBasis{
		ClusterUID:   s.ProviderCluster.Value().UID,
		NetworkingV2: s.Networking(),
		Canary:       s.Canary.Value().Workspace.ID,
	}
	if release := s.Legacy.Value().Release; release != nil {
		basis.LegacyRelease = fmt.Sprintf("%s/%s.%d", release.Namespace, release.Name, release.Revision)
		basis.LegacyRetained = s.Legacy.Value().Retention.Complete
	}
	return basis
}

// repoOf says where a chart comes from. Of a local one the digest says what it
// is, wherever the file lies.
func repoOf(chart v1alpha1.Chart) string {
	if strings.HasPrefix(chart.Name, "oci://") {
		return chart.Name
	}
	return chart.Repo
}

// fingerprint returns the digest of all facts that the plan of a region rests on.
func fingerprint(plan v1alpha1.RegionPlan) string {
	var bases []any
	if plan.Satellite != nil {
		bases = append(bases, plan.Satellite.Basis)
	}
	for _, provider := range plan.Providers {
		bases = append(bases, provider.Basis)
	}
	return digest(bases)
}

// digest returns "sha256:<hex>" over v's JSON, in which map keys are sorted.
func digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		// values come from YAML and always marshal; a value that does not is
		// still told from others by what it says of itself
		data = []byte(err.Error())
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Differences names, with both values, the fields in which two structs of one type
// differ, those of structs in them included, in their order. Pointers are not compared:
// behind them is what only explains.
func Differences(planned, now any) []string {
	var differences []string
	before, after := reflect.ValueOf(planned), reflect.ValueOf(now)
	for i := range before.NumField() {
		field, was, is := before.Type().Field(i), before.Field(i).Interface(), after.Field(i).Interface()
		switch field.Type.Kind() {
		case reflect.Pointer:
		case reflect.Struct:
			differences = append(differences, Differences(was, is)...)
		default:
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			differences = append(differences, differs(name, was, is)...)
		}
	}
	return differences
}

// differs names a thing with both its values, unless they are the same.
func differs(name string, planned, now any) []string {
	if planned == now {
		return nil
	}
	return []string{fmt.Sprintf("%s was %v when planned and is %v now", name, shown(planned), shown(now))}
}

func shown(v any) any {
	if reflect.ValueOf(v).Kind() == reflect.String && reflect.ValueOf(v).IsZero() {
		return "(none)"
	}
	return v
}
