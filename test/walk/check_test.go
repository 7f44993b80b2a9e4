package walk

import (
	"errors"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// check checks the state in which a run of the plugin left each provider, and its output.
func (w *walker) check(done ran) []violation {
	found := append(checkEnd(done), w.checkSecrets(done)...)
	for _, v := range w.views {
		found = append(found, w.checkRule(v, done)...)
		found = append(found, checkKept(v, done)...)
		found = append(found, checkSuccess(v, done)...)
		found = append(found, checkFlux(v, done)...)
		found = append(found, w.checkReport(v, done)...)
	}
	if done.other != nil {
		found = append(found, checkEnd(*done.other)...)
		found = append(found, w.checkSecrets(*done.other)...)
	}
	return found
}

// runs are the verbs of a step: two if another operator ran one.
func (r ran) runs() []string {
	var list []string
	for _, one := range r.both() {
		list = append(list, one.options()[0])
	}
	return list
}

// both are the step's run and the other operator's, if there was one.
func (r ran) both() []ran {
	if r.other == nil {
		return []ran{r}
	}
	return []ran{r, *r.other}
}

// any reports whether one of the step's runs had that verb.
func (r ran) any(verb string) bool {
	return strings.Contains(" "+strings.Join(r.runs(), " ")+" ", " "+verb+" ")
}

// removes reports whether one of the step's runs may remove the satellite.
func (r ran) removes() bool {
	removal := "--remove-satellite"
	return r.any("remove") || strings.Contains(r.verb, removal) || r.other != nil && strings.Contains(r.other.verb, removal)
}

// checkKept checks that nothing is gone that only another verb may remove.
func checkKept(v *view, done ran) []violation {
	before, after := v.before, v.facts
	var found []violation
	lost := func(kind, format string, args ...any) {
		if done.world == "" {
			found = append(found, violated("lost: "+kind, "%s: %q: %s", v.Name, done.step, fmt.Sprintf(format, args...)))
		}
	}
	finalizes := done.any("finalize") && before.Switch == meddle.AlwaysOn
	if !finalizes {
		if gone := missing(before.Backups, after.Backups); len(gone) > 0 {
			lost("backup", "the backups %v are gone", gone)
		}
		for name, kept := range before.Objects {
			now, there := after.Objects[name]
			switch {
			case !there:
				lost("legacy object", "%s is gone", name)
			case kept && !now:
				lost("retention", "%s is no longer kept", name)
			}
		}
		checkRecords(before, after, lost)
	}
	if err := after.Provisions(); err != nil && before.Provisions() == nil {
		lost("provisioning", "%v", err)
	}
	if done.removes() {
		return found
	}
	if before.Registered && !after.Registered && (v.established || after.Switch != meddle.Off) {
		lost("registration", "the satellite's registration is gone: %v", after.Registrations)
	}
	if len(before.Records) > 0 && v.established {
		switch {
		case len(after.Records) == 0:
			lost("satellite", "the satellite's release is uninstalled, of which there was %v", before.Records)
		case before.Key != "" && after.Key != before.Key:
			lost("key", "the satellite has another key: %q, and not %q", after.Key, before.Key)
		}
	}
	return found
}

// checkRecords checks that the legacy release's records are still retained.
func checkRecords(before, after meddle.Facts, lost func(kind, format string, args ...any)) {
	for _, was := range before.Legacy {
		// restoring deletes the record of an uninstall, which hides the restored one
		there := was.Status == "uninstalled" || was.Status == "uninstalling"
		for _, is := range after.Legacy {
			if is.Revision != was.Revision {
				continue
			}
			there = true
			if was.Labelled && !is.Labelled || was.Kept && !is.Kept {
				lost("retention", "the legacy release's record %d is no longer retained", was.Revision)
			}
		}
		if !there {
			lost("legacy record", "the legacy release's record %d is gone", was.Revision)
		}
	}
}

func missing(before, after []string) []string {
	var gone []string
	for _, name := range before {
		if !strings.Contains(" "+strings.Join(after, " ")+" ", " "+name+" ") {
			gone = append(gone, name)
		}
	}
	return gone
}

// checkEnd checks that exit code, outcome and text agree, and that a failure is clear.
func checkEnd(done ran) []violation {
	if done.killed {
		return nil
	}
	var found []violation
	for _, never := range []string{"panic:", "goroutine ", "runtime error"} {
		if strings.Contains(done.stderr, never) {
			found = append(found, violated("panic", "%q shows %s", done.step, never))
		}
	}
	if done.code != 0 && strings.TrimSpace(done.stdout+done.stderr) == "" {
		found = append(found, violated("silent", "%q fails and says nothing", done.step))
	}
	if done.outcome == "" {
		if verb := done.options()[0]; done.code == 0 && verb != "unlock" {
			found = append(found, violated("no document", "%q exits with 0, and prints no document: %q", done.step, done.stdout))
		}
		return found
	}
	if wanted := exitCode(done.outcome); wanted != done.code {
		found = append(found, violated("exit code", "%q ended %s with exit code %d", done.step, done.outcome, done.code))
	}
	if done.report != nil && done.exitCode != done.code {
		found = append(found, violated("exit code", "%q says exit code %d, and exits with %d", done.step, done.exitCode, done.code))
	}
	if done.report != nil && done.code != 0 && done.report.Next == "" {
		found = append(found, violated("no next", "%q failed (%s), and its report names no command to go on with", done.step, done.report.Outcome))
	}
	if done.report != nil && done.code != 0 && done.report.Error == "" && !hasFailure(done.report.Preflight) {
		found = append(found, violated("unexplained", "%q failed (%s), and its report says no reason", done.step, done.report.Outcome))
	}
	return found
}

func hasFailure(checks []v1alpha1.CheckResult) bool {
	for _, check := range checks {
		if check.State == v1alpha1.CheckFail || check.State == v1alpha1.CheckUnknown {
			return true
		}
	}
	return false
}

// exitCode is the exit code of an outcome according to the README.
func exitCode(outcome v1alpha1.Outcome) int {
	switch outcome {
	case v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeChangesPending:
		return 0
	case v1alpha1.OutcomePartlyFailed:
		return 3
	case v1alpha1.OutcomeLockHeld, "LockLost":
		return 4
	case v1alpha1.OutcomePreflightFailed:
		return 5
	case v1alpha1.OutcomeTimedOut:
		return 124
	case v1alpha1.OutcomeInterrupted:
		return 130
	default:
		return 1
	}
}

// checkSuccess checks that a run that reports success reached the state that its verb promises,
// and that a run that reports no changes made none.
func checkSuccess(v *view, done ran) []violation {
	before, after := v.before, v.facts
	if done.world != "" || done.other != nil {
		return nil
	}
	verb := done.options()[0]
	var found []violation
	if idle(v, done) && lasting(before) != lasting(after) {
		found = append(found, violated("not idle", "%q (%s) changed %s:\n  before %s\n  after  %s", done.step, done.outcome, v.Name, before, after))
	}
	if done.code != 0 || done.killed || !done.selects(v.Name) {
		return found
	}
	if err := reached(verb, done, before, after); err != nil {
		found = append(found, violated("no success", "%q (%s) says that it succeeded, and of %s: %v", done.step, done.outcome, v.Name, err))
	}
	return found
}

// idle reports whether a run must not have changed anything of a provider: because of its verb,
// its outcome, or its error.
func idle(v *view, done ran) bool {
	switch done.outcome {
	case v1alpha1.OutcomePreflightFailed, v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeLockHeld:
		return true
	}
	return !changes(done.verb) || done.report != nil && done.report.Outcome == done.outcomeOf(v.Name) && strings.Contains(done.errorOf(v.Name), "nothing was changed")
}

// lasting is the facts without the lock, which an idle run may take over from a dead one, and
// without the answers, which change when the lab's nodes lose the primary.
func lasting(f meddle.Facts) string {
	f.Holder, f.Silent = "", ""
	return f.String()
}

// reached returns what is missing from the state that a verb promises.
func reached(verb string, done ran, before, f meddle.Facts) error {
	if !f.HasSatellite && (verb == "remove" || verb == "finalize") {
		return nil // there is nothing to do
	}
	switch verb {
	case "migrate", "status":
		switch {
		case f.Switch == meddle.Off:
			return errors.New("Networking v2 is off")
		case f.Switch == meddle.On && (before.Switch != meddle.On || anyLegacy(before)):
			return f.Rule()
		}
		return f.Served() // there was nothing to retain
	case "rollback":
		return rolledBack(done, f)
	case "retain":
		if f.BuiltIn {
			return nil
		}
		if !anyLegacy(before) && f.Switch != meddle.Off {
			return nil // there was nothing to retain
		}
		return f.Retained()
	case "remove":
		return removed(f)
	case "finalize":
		if _, there := f.Objects["deployment/envproxy"]; there {
			return errors.New("envproxy is still there")
		}
		return errors.Join(f.Provisions(), f.Served())
	case "verify":
		return f.Served()
	default:
		return nil
	}
}

// anyLegacy reports whether anything is left that uses a legacy release, or from which it could
// be restored.
func anyLegacy(f meddle.Facts) bool {
	_, envproxy := f.Objects["deployment/envproxy"]
	return envproxy || len(f.Legacy) > 0 || len(f.Backups) > 0
}

func rolledBack(done ran, f meddle.Facts) error {
	var errs []error
	if f.Switch != meddle.Off {
		errs = append(errs, errors.New("Networking v2 is "+f.Switch))
	}
	if f.EnvproxySilent != "" && !f.BuiltIn {
		errs = append(errs, errors.New("envproxy does not answer: "+f.EnvproxySilent))
	}
	if done.removes() {
		errs = append(errs, removed(f))
	}
	return errors.Join(errs...)
}

func removed(f meddle.Facts) error {
	switch {
	case len(f.Records) > 0:
		return fmt.Errorf("the satellite's release is there: %v", f.Records)
	case f.Registered:
		return fmt.Errorf("the satellite is registered: %v", f.Registrations)
	}
	return nil
}
