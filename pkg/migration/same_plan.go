package migration

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// SamePlan returns nil if both plans do the same, or an error with every difference and both values, region by region. It
// ignores explanations: reasons, details, manifests, warnings, and the operator who made the plan.
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
		if !ok {
			errs = append(errs, fmt.Errorf("region %q is in the plan, but is not selected", region.Name))
			continue
		}
		errs = append(errs, sameRegion(region, fresh))
	}
	for _, region := range now.Regions {
		if _, left := current[region.Name]; left {
			errs = append(errs, fmt.Errorf("region %q is not in the plan", region.Name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err // the other differences would follow from it
	}
	differences := slices.Concat(
		differs("the primary's version", planned.Primary.Version, now.Primary.Version),
		differs("the order of the regions", fmt.Sprint(planned.Waves), fmt.Sprint(now.Waves)),
		differs("the outcome", planned.Outcome, now.Outcome),
	)
	if len(differences) > 0 {
		return fmt.Errorf("the plan would be different now: %s", strings.Join(differences, "; "))
	}
	return nil
}

func sameRegion(planned, now v1alpha1.RegionPlan) error {
	if planned.Fingerprint != fingerprint(planned) {
		return fmt.Errorf("region %q: the plan file was edited after it was written", planned.Name)
	}
	var differences []string
	switch {
	case planned.Satellite != nil && now.Satellite != nil:
		differences = Differences(*planned.Satellite, *now.Satellite)
	case planned.Satellite != now.Satellite:
		differences = []string{"the region gained or lost its satellite"}
	}
	differences = slices.Concat(
		differences,
		providersDifferences(planned.Providers, now.Providers),
		stepDifferences(planned.Steps, now.Steps),
		differs("outcome", planned.Outcome, now.Outcome),
	)
	if len(differences) > 0 {
		return fmt.Errorf("region %q changed since it was planned: %s", planned.Name, strings.Join(differences, "; "))
	}
	return nil
}

func providersDifferences(planned, now []v1alpha1.ProviderPlan) []string {
	if len(planned) != len(now) {
		return []string{fmt.Sprintf("it had %d providers when planned and has %d now", len(planned), len(now))}
	}
	var differences []string
	for i := range planned {
		for _, difference := range Differences(planned[i], now[i]) {
			differences = append(differences, fmt.Sprintf("provider %q: %s", planned[i].Name, difference))
		}
	}
	return differences
}

func stepDifferences(planned, now []v1alpha1.StepPlan) (differences []string) {
	at := func(steps []v1alpha1.StepPlan, i int) string {
		if i >= len(steps) {
			return ""
		}
		name := steps[i].Name
		if steps[i].Provider != "" {
			name += " of " + steps[i].Provider
		}
		action := steps[i].Action
		if name == stepInstall && action == v1alpha1.ActionCheck { // what the step would wait for may have come
			action = v1alpha1.ActionNone
		}
		return fmt.Sprintf("%s (%s)", name, action)
	}
	for i := range max(len(planned), len(now)) {
		differences = append(differences, differs(fmt.Sprintf("step %d", i+1), at(planned, i), at(now, i))...)
	}
	return differences
}

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
	return fmt.Sprintf("sha256:%x", sha256.Sum256(data))
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
