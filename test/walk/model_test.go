package walk

import (
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// model is what the plugin is answerable for. The world may break the rule on
// purpose; the plugin may not, and must not leave broken what it has begun.
type model struct {
	// broken is what the world has broken of a region that is switched on: parts
	// of the rule by name.
	broken map[string]bool
	// unfinished tells that a migration put the switch on, and is not complete.
	unfinished bool
	// established tells that a migration was completed, or that somebody else
	// installed the satellite: it is no longer a first installation.
	established bool
	// expired tells that the plugin's token is, renamed that the provider has
	// another name than the Fleet says.
	expired, renamed bool
}

// parts are the parts of the rule, each with what is against it.
func parts(f meddle.Facts) map[string]error {
	found := map[string]error{"retained": f.Retained()}
	if f.Silent != "" {
		found["answers"] = fmt.Errorf("the satellite does not answer: %s", f.Silent)
	}
	if !f.Registered {
		found["registered"] = fmt.Errorf("the key %q is not registered: %v", f.Key, f.Registrations)
	}
	return found
}

// worldActed notes what the world broke, and what it made good.
func (m *model) worldActed(before, after meddle.Facts) {
	m.broken = map[string]bool{}
	if after.Switch != meddle.On {
		m.unfinished = false
	}
	if before.Switch != meddle.On && after.Switch == meddle.On {
		m.unfinished = false // somebody else wanted it so
	}
	for part, err := range parts(after) {
		if err != nil {
			m.broken[part] = true
		}
	}
	m.see(after)
}

// ran notes what a run of the plugin did.
func (m *model) ran(before, after meddle.Facts, done ran) {
	if done.world != "" {
		m.worldActed(before, after)
	}
	switch {
	case after.Switch != meddle.On:
		m.unfinished = false
	case before.Switch == meddle.Off && done.world == "":
		m.unfinished = true
	}
	if done.options()[0] == "migrate" && done.code == 0 {
		m.unfinished = false
		m.established = true
	}
	m.see(after)
}

// see notes what the facts alone tell.
func (m *model) see(after meddle.Facts) {
	if len(after.Records) == 0 {
		m.established = false
	}
}

// checkRule checks the rule as far as the plugin is answerable.
func (w *walker) checkRule(before meddle.Facts, done ran) []violation {
	after := w.facts
	if after.Switch != meddle.On {
		return nil
	}
	var found []violation
	for part, err := range parts(after) {
		if err == nil {
			continue
		}
		switch {
		case before.Switch == meddle.On && w.broken[part], done.world != "":
			// it was so before, or the world did it meanwhile
		default:
			found = append(found, violated("rule: "+part, "after %q Networking v2 is on, and %v", done.step, err))
		}
	}
	return append(found, w.checkCompensation(before, done)...)
}

// checkCompensation checks what a failed migration leaves: a switch that it, or
// an unfinished one before it, put on is not on with a new path that is broken.
func (w *walker) checkCompensation(before meddle.Facts, done ran) []violation {
	ours := w.unfinished || before.Switch == meddle.Off && done.world == ""
	failed := slices.Contains([]v1alpha1.Outcome{v1alpha1.OutcomeFailed, v1alpha1.OutcomeTimedOut, v1alpha1.OutcomePartlyFailed}, done.outcome)
	if done.options()[0] != "migrate" || !failed || !ours || w.facts.Served() == nil {
		return nil
	}
	if done.report != nil && inlab.StateOf(*done.report) != nil && inlab.StateOf(*done.report).NetworkingV2 != v1alpha1.NetworkingV2Off && (w.expired || done.how == primaryAway) {
		return nil // it could not, and says so
	}
	return []violation{violated("compensation", "a failed migration leaves Networking v2 on, though %v", w.facts.Served())}
}
