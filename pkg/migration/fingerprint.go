package migration

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func satelliteBasis(s *snapshot.Snapshot) v1alpha1.SatelliteBasis {
	basis := v1alpha1.SatelliteBasis{
		ClusterUID:        s.Cluster.Value().UID,
		SatelliteRevision: s.Satellite.Value().Revision,
		ConnectTo:         s.Region.Satellite.ConnectTo,
		ChartRepo:         repoOf(s.Region.Satellite.Chart),
	}
	if owner := s.Satellite.Value().Control.Owner; owner.Exists() {
		basis.SatelliteRevision, basis.SatelliteOwner = 0, owner.Tool.Word()
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

func providerBasis(s *snapshot.Snapshot) v1alpha1.ProviderBasis {
	basis := v1alpha1.ProviderBasis{
		ClusterUID:   s.ProviderCluster.Value().UID,
		NetworkingV2: s.Networking(),
		Canary:       s.Canary.Value().Workspace.ID,
	}
	if release := s.Legacy.Value().Release; release != nil {
		basis.LegacyRelease = fmt.Sprintf("%s/%s.%d", release.Namespace, release.Name, release.Revision)
		if control := s.Legacy.Value().Retention.Control; control.Owner.Exists() {
			basis.LegacyRelease += fmt.Sprintf(" of %s, suspended: %t", control.Owner, control.Suspended)
		}
		basis.LegacyRetained = s.Legacy.Value().Retention.Complete
	}
	return basis
}

// repoOf returns a chart's origin. A local chart is identified by its digest alone, wherever the file is.
func repoOf(chart v1alpha1.Chart) string {
	if strings.HasPrefix(chart.Name, "oci://") {
		return chart.Name
	}
	return chart.Repo
}

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

// digest returns "sha256:<hex>" of v's JSON with sorted keys.
func digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		data = []byte(err.Error()) // does not happen: values come from YAML
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Differences lists the fields in which two structs of one type differ, with both values, in their order and including
// nested structs. It ignores pointers, which only lead to explanations.
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

func differs(name string, planned, now any) []string {
	if planned == now {
		return nil
	}
	was, is := cmp.Or(fmt.Sprint(planned), "(none)"), cmp.Or(fmt.Sprint(now), "(none)")
	return []string{fmt.Sprintf("%s was %s when planned and is %s now", name, was, is)}
}
