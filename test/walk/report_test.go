package walk

import (
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// Words of a report for what it could not find out, and for what there is none of.
const (
	unknown = "Unknown"
	none    = "none"
)

// checkReport checks that what a run says of the region, as it left it, is so.
func (w *walker) checkReport(before meddle.Facts, done ran) []violation {
	if done.world != "" || done.other != nil {
		return nil // the report is of a moment before
	}
	if done.status != nil {
		return w.checkStatus(done)
	}
	if done.report == nil || inlab.StateOf(*done.report) == nil {
		return nil
	}
	said, f := inlab.StateOf(*done.report), w.facts
	var found []violation
	compare := func(what, said, fact string) {
		switch {
		case said == fact:
		case said == unknown && w.mayNotKnow(done):
		default:
			found = append(found, violated("report: "+what, "%q (%s) says %s is %q, and it is %q", done.step, done.outcome, what, said, fact))
		}
	}
	compare("networkingV2", string(said.NetworkingV2), f.Switch)
	compare("registered", string(said.Registered), yes(f.Registered))
	compare("satelliteRelease", said.SatelliteRelease, newest(f.Records))
	if !done.reached || done.how != primaryAway && done.how != apiAway { // what was away then answers now
		compare("satelliteAnswers", string(said.SatelliteAnswers), yes(f.Silent == ""))
	}
	switch {
	case len(f.Legacy) == 0 && len(f.Objects) == 0:
		compare("legacyRetained", string(said.LegacyRetained), "None")
	case said.LegacyRetained == "Yes" && errors.Join(f.Retained(), f.LiveKept()) != nil:
		found = append(found, violated("report: legacyRetained", "%q says that the legacy release is retained: %v", done.step, errors.Join(f.Retained(), f.LiveKept())))
	case said.LegacyRetained == unknown && !w.mayNotKnow(done):
		found = append(found, violated("report: legacyRetained", "%q says %q, and everything could be read", done.step, unknown))
	}
	return found
}

// mayNotKnow tells whether something was really out of reach during a run.
func (w *walker) mayNotKnow(done ran) bool {
	if w.expired || w.renamed || done.outcome == v1alpha1.OutcomeInterrupted || done.outcome == v1alpha1.OutcomePreflightFailed {
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

// checkStatus checks that status says of the switch what is so, and that what it
// calls good is good.
func (w *walker) checkStatus(done ran) []violation {
	f, said := w.facts, string(done.status.Providers[0].NetworkingV2)
	if said != f.Switch && (said != unknown || !w.mayNotKnow(done)) {
		return []violation{violated("report: networkingV2", "status says that Networking v2 is %q, and it is %q", said, f.Switch)}
	}
	if done.reached && (done.how == primaryAway || done.how == apiAway) {
		return nil // what was good then may be away now
	}
	var found []violation
	for _, check := range done.status.Checks {
		if err := against(f, check.ID); check.State == v1alpha1.CheckPass && err != nil {
			found = append(found, violated("status: "+check.ID, "status says %q, and %v", check.Message, err))
		}
	}
	return found
}

// against is what is against a check that passes.
func against(f meddle.Facts, check string) error {
	switch check {
	case "networking-v2":
		if f.Switch == meddle.Off {
			return errors.New("Networking v2 is off")
		}
	case "satellite-registered":
		if !f.Registered {
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
		if newest(f.Records) != "deployed" {
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
