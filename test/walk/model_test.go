package walk

import (
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// model is what the plugin is responsible for. The world may break the rule on purpose. The
// plugin may not, and must not leave its own work broken.
type model struct {
	// broken has the parts of the rule, by name, that the world broke in a region that is
	// switched on.
	broken map[string]bool
	// unfinished is set if a migration made the switch and is not complete.
	unfinished bool
	// established is set if a migration was completed, or if someone else installed the
	// satellite. It is no longer a first installation then.
	established bool
	// suspends is set if a run may have suspended the HelmRelease.
	suspends bool
	// renamed is set if the provider has another name than in the Fleet.
	renamed bool
}

// parts are the parts of the rule, each with its violation or nil.
func parts(f meddle.Facts) map[string]error {
	found := map[string]error{"retained": f.Retained()}
	if f.Silent != "" {
		found["answers"] = fmt.Errorf("it does not answer: %s", f.Silent)
	}
	if f.HasSatellite && !f.Registered {
		found["registered"] = fmt.Errorf("the key %q is not registered: %v", f.Key, f.Registrations)
	}
	return found
}

// worldActed records what the world broke or fixed.
func (v *view) worldActed() {
	v.broken = map[string]bool{}
	if v.facts.Switch != meddle.On {
		v.unfinished = false
	}
	if v.before.Switch != meddle.On && v.facts.Switch == meddle.On {
		v.unfinished = false // someone else made the switch on purpose
	}
	for part, err := range parts(v.facts) {
		if err != nil {
			v.broken[part] = true
		}
	}
	v.see(v.facts)
}

// ran records the effects of a run of the plugin.
func (v *view) ran(done ran) {
	if done.world != "" {
		v.worldActed()
	}
	switch {
	case v.facts.Switch != meddle.On:
		v.unfinished = false
	case v.before.Switch == meddle.Off && done.world == "":
		v.unfinished = true
	}
	v.suspends = v.suspends || v.before.Flux == meddle.Reconciles && v.facts.Flux == meddle.Suspended || done.world != ""
	for _, one := range done.both() {
		if one.options()[0] == "migrate" && one.completed(v.Name) {
			v.unfinished = false
		}
		if one.options()[0] == "migrate" && one.code == 0 {
			v.established = true
		}
	}
	v.see(v.facts)
}

// see records what the facts alone show.
func (m *model) see(after meddle.Facts) {
	if len(after.Records) == 0 {
		m.established = false
	}
}

// checkRule checks the rule as far as the plugin is responsible.
func (w *walker) checkRule(v *view, done ran) []violation {
	if v.facts.Switch != meddle.On {
		return nil
	}
	var found []violation
	for part, err := range parts(v.facts) {
		if err == nil {
			continue
		}
		switch {
		case v.before.Switch == meddle.On && v.broken[part], done.world != "":
			// it was broken before, or the world broke it meanwhile
		default:
			found = append(found, violated("rule: "+part, "after %q Networking v2 of %s is on, and %v", done.step, v.Name, err))
		}
	}
	return append(found, w.checkCompensation(v, done)...)
}

// checkCompensation checks the state after a failed migration: if it, or an unfinished one before
// it, made the switch, the switch must not be on while the new path is broken.
func (w *walker) checkCompensation(v *view, done ran) []violation {
	ours := v.unfinished || v.before.Switch == meddle.Off && done.world == ""
	failed := slices.Contains([]v1alpha1.Outcome{v1alpha1.OutcomeFailed, v1alpha1.OutcomeTimedOut, v1alpha1.OutcomePartlyFailed}, done.outcome)
	if done.options()[0] != "migrate" || !failed || !done.selects(v.Name) || done.completed(v.Name) || !ours || v.facts.Served() == nil {
		return nil
	}
	if state := done.stateOf(v.Name); state != nil && state.NetworkingV2 != v1alpha1.NetworkingV2Off && (w.expired || done.how == primaryAway) {
		return nil // it could not undo the switch, and says so
	}
	return []violation{violated("compensation", "a failed migration leaves Networking v2 of %s on, though %v", v.Name, v.facts.Served())}
}
