package walk

import (
	"errors"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// Words of a report for unknown and for missing.
const (
	unknown = "Unknown"
	none    = "none"
)

// checkReport checks that a run's report describes the region as the run left it.
func (w *walker) checkReport(v *view, done ran) []violation {
	if done.world != "" || done.other != nil {
		return nil // the report may describe an earlier moment
	}
	if done.status != nil {
		return w.checkStatus(v, done)
	}
	said, f := done.stateOf(v.Name), v.facts
	if said == nil {
		return nil
	}
	var found []violation
	compare := func(what, said, fact string) {
		switch {
		case said == fact:
		case said == unknown && w.mayNotKnow(v, done):
		default:
			found = append(found, violated("report: "+what, "%q (%s) says of %s that %s is %q, and it is %q", done.step, done.outcome, v.Name, what, said, fact))
		}
	}
	compare("networkingV2", string(said.NetworkingV2), f.Switch)
	if f.HasSatellite {
		compare("registered", string(said.Registered), yes(f.Registered))
		compare("satelliteRelease", said.SatelliteRelease, newest(f.Records))
	}
	if f.HasSatellite && (!done.reached || done.how != primaryAway && done.how != apiAway) { // what was away then answers now
		compare("satelliteAnswers", string(said.SatelliteAnswers), yes(f.Silent == ""))
	}
	switch {
	case len(f.Legacy) == 0 && len(f.Objects) == 0:
		compare("legacyRetained", string(said.LegacyRetained), "None")
	case said.LegacyRetained == "Yes" && errors.Join(f.Retained(), f.LiveKept()) != nil:
		found = append(found, violated("report: legacyRetained", "%q says that the legacy release is retained: %v", done.step, errors.Join(f.Retained(), f.LiveKept())))
	case said.LegacyRetained == unknown && !w.mayNotKnow(v, done):
		found = append(found, violated("report: legacyRetained", "%q says %q, and everything could be read", done.step, unknown))
	}
	return found
}

// mayNotKnow reports whether something was really unreachable during a run.
func (w *walker) mayNotKnow(v *view, done ran) bool {
	if w.expired || v.renamed || done.outcome == v1alpha1.OutcomeInterrupted || done.outcome == v1alpha1.OutcomePreflightFailed {
		return true
	}
	return done.reached && (done.how == misled || done.how == primaryAway || done.how == apiAway || done.how == stopped)
}

func yes(is bool) string {
	if is {
		return "Yes"
	}
	return "No"
}

// newest is the status of the newest record.
func newest(records []meddle.Record) string {
	if len(records) == 0 {
		return none
	}
	return records[len(records)-1].Status
}

// checkStatus checks that status is right about the switch, and about every check that passes.
func (w *walker) checkStatus(v *view, done ran) []violation {
	i := slices.IndexFunc(done.status.Providers, func(p v1alpha1.ProviderStatus) bool { return p.Name == v.Name })
	if i < 0 {
		return nil // status was limited to another provider
	}
	f, said := v.facts, string(done.status.Providers[i].NetworkingV2)
	if said != f.Switch && (said != unknown || !w.mayNotKnow(v, done)) {
		return []violation{violated("report: networkingV2", "status says that Networking v2 of %s is %q, and it is %q", v.Name, said, f.Switch)}
	}
	if done.reached && (done.how == primaryAway || done.how == apiAway) {
		return nil // what answered then may be away now
	}
	var found []violation
	for _, check := range done.status.Checks {
		if check.Provider != "" && check.Provider != v.Name {
			continue
		}
		if err := against(f, check.ID); check.State == v1alpha1.CheckPass && err != nil {
			found = append(found, violated("status: "+check.ID, "status says %q, and %v", check.Message, err))
		}
	}
	return found
}

// against returns why a check should not have passed; nil if it was right.
func against(f meddle.Facts, check string) error {
	switch check {
	case "networking-v2":
		if f.Switch == meddle.Off {
			return errors.New("Networking v2 is off")
		}
	case "satellite-registered":
		if f.HasSatellite && !f.Registered {
			return errors.New("the satellite is not registered")
		}
	case "access-url":
		if f.Silent != "" && f.Registered {
			return errors.New(f.Silent)
		}
	case "satellite-proxies":
		if f.Silent != "" && f.Key != "" {
			return errors.New(f.Silent)
		}
	case "satellite-installed":
		if f.HasSatellite && newest(f.Records) != "deployed" {
			return fmt.Errorf("its records are %v", f.Records)
		}
	case "legacy-retained":
		return errors.Join(f.Retained(), f.LiveKept())
	case "legacy-rollback-ready":
		if f.EnvproxySilent != "" {
			return errors.New(f.EnvproxySilent)
		}
	}
	return nil
}
