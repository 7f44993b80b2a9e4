package walk

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
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
	if done.report == nil || done.report.After == nil {
		return nil
	}
	said, f := done.report.After, w.facts
	var found []violation
	compare := func(what, said, fact string) {
		switch {
		case said == fact:
		case said == unknown && w.mayNotKnow(done):
		default:
			found = append(found, violated("report: "+what, "%q (%s) says %s is %q, and it is %q", done.step, done.outcome, what, said, fact))
		}
	}
	compare("networkingV2", said.NetworkingV2, f.Switch)
	compare("registered", said.Registered, yes(f.Registered))
	compare("satelliteRelease", said.SatelliteRelease, newest(f.Records))
	if said.SatelliteAnswers != yes(f.Silent == "") && done.how != primaryAway && done.how != apiAway && f.Registered {
		compare("satelliteAnswers", said.SatelliteAnswers, yes(f.Silent == ""))
	}
	switch {
	case len(f.Legacy) == 0 && len(f.Objects) == 0:
		compare("legacyRetained", said.LegacyRetained, "None")
	case said.LegacyRetained == "Yes" && f.Retained() != nil:
		found = append(found, violated("report: legacyRetained", "%q says that the legacy release is retained: %v", done.step, f.Retained()))
	case said.LegacyRetained == unknown && !w.mayNotKnow(done):
		found = append(found, violated("report: legacyRetained", "%q says %q, and everything could be read", done.step, unknown))
	}
	return found
}

// mayNotKnow tells whether something was really out of reach during a run.
func (w *walker) mayNotKnow(done ran) bool {
	if w.expired || done.outcome == v1alpha1.OutcomeInterrupted || done.outcome == v1alpha1.OutcomePreflightFailed {
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

// checkStatus checks that status says of the switch what is so, and finds fault
// with what is broken.
func (w *walker) checkStatus(done ran) []violation {
	f, said := w.facts, string(done.status.NetworkingV2)
	if said != f.Switch && !(said == unknown && w.mayNotKnow(done)) {
		return []violation{violated("report: networkingV2", "status says that Networking v2 is %q, and it is %q", said, f.Switch)}
	}
	return nil
}
