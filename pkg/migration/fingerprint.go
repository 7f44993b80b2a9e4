package migration

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// basisOf returns the facts that a plan over s rests on.
func basisOf(s *snapshot.Snapshot) v1alpha1.Basis {
	basis := v1alpha1.Basis{
		ClusterUID:        s.Cluster.Value().UID,
		SatelliteRevision: s.Satellite.Value().Revision,
		NetworkingV2:      s.Networking(),
		Canary:            s.Canary.Value().Workspace.ID,
	}
	if release := s.Legacy.Value().Release; release != nil {
		basis.LegacyRelease = fmt.Sprintf("%s/%s.%d", release.Namespace, release.Name, release.Revision)
		basis.LegacyRetained = s.Legacy.Value().Retention.Complete()
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

func fingerprint(basis v1alpha1.Basis) string { return digest(basis) }

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

// Differences names, with both values, the facts in which two plans' bases
// differ, in the order of Basis's fields.
func Differences(planned, now v1alpha1.Basis) []string {
	var differences []string
	before, after := reflect.ValueOf(planned), reflect.ValueOf(now)
	for i := range before.NumField() {
		if b, a := before.Field(i).Interface(), after.Field(i).Interface(); b != a {
			name, _, _ := strings.Cut(before.Type().Field(i).Tag.Get("json"), ",")
			differences = append(differences, fmt.Sprintf("%s was %v when planned and is %v now", name, shown(b), shown(a)))
		}
	}
	return differences
}

func shown(v any) any {
	if v == "" {
		return "(none)"
	}
	return v
}

// SamePlan returns nil if the regions are still as they were when an earlier
// plan was made, and else an error that names what changed, region by region.
func SamePlan(planned, now *v1alpha1.Plan) error {
	if planned.Primary.URL != now.Primary.URL {
		return fmt.Errorf("the plan is for the primary %s, not %s", planned.Primary.URL, now.Primary.URL)
	}
	current := make(map[string]v1alpha1.RegionPlan, len(now.Regions))
	for _, region := range now.Regions {
		current[region.Name] = region
	}
	var errs []error
	for _, region := range planned.Regions {
		fresh, ok := current[region.Name]
		delete(current, region.Name)
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("region %q is in the plan, but was not selected now", region.Name))
		case region.Fingerprint != fingerprint(region.Basis):
			errs = append(errs, fmt.Errorf("region %q: the plan's fingerprint does not fit its facts: the file was changed", region.Name))
		case region.Fingerprint != fresh.Fingerprint:
			errs = append(errs, fmt.Errorf("region %q changed since it was planned: %s", region.Name, strings.Join(Differences(region.Basis, fresh.Basis), "; ")))
		}
	}
	for name := range current {
		errs = append(errs, fmt.Errorf("region %q is not in the plan", name))
	}
	return errors.Join(errs...)
}
