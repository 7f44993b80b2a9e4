// Package journal keeps the record of what was done to a satellite, or to a
// provider, beside it in its cluster: a ConfigMap that says who did what, when,
// and what was found before. It explains, and never overrides live state. It
// holds no secrets.
package journal

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Bounds of what a record keeps, far below the megabyte that a ConfigMap holds.
const (
	maxSteps = 50
	maxRuns  = 5
	maxBytes = 512 << 10
	maxText  = 2 << 10 // of a step's message, and of its error
)

// Record is what a journal says. Some of it only concerns a satellite, some only a provider.
type Record struct {
	// Version is the version of the record's form.
	Version int `json:"version"`
	// RunID tells one run from another.
	RunID string `json:"runID,omitempty"`
	// Operation is the verb; empty if nothing was run yet.
	Operation string `json:"operation,omitempty"`
	// Operator is the e-mail address of who ran it.
	Operator string `json:"operator,omitempty"`
	// Primary is the normalised URL of the primary that it ran against; empty in
	// records of versions that did not note it.
	Primary string `json:"primary,omitempty"`
	// Reason is why it was run, in the operator's words; empty if none was given.
	Reason string `json:"reason,omitempty"`
	// PlanFingerprint is the fingerprint of the plan that was carried out.
	PlanFingerprint string `json:"planFingerprint,omitempty"`
	// Step is the step that was begun last, and State how far it got.
	Step  string             `json:"step,omitempty"`
	State v1alpha1.StepState `json:"state,omitempty"`
	// Outcome is how the run ended; empty while it goes on, or if it died.
	Outcome v1alpha1.Outcome `json:"outcome,omitempty"`
	// Started and Updated are times of the operator's machine.
	Started time.Time `json:"started,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
	// Before is what was found before the first run of the migration.
	Before *Before `json:"before,omitempty"`
	// Migrated is set once a migration is complete, and no longer when it is rolled
	// back or Networking v2 is switched on once more.
	Migrated bool `json:"migrated,omitempty"`
	// Serves are the IDs of the providers that were migrated to the satellite,
	// sorted: some may be rolled back, or in a Fleet file of somebody else's.
	Serves []string `json:"serves,omitempty"`
	// RegistrationID is the registration that the migration made; empty if none.
	RegistrationID string `json:"registrationID,omitempty"`
	// Canary is the workspace that is rebuilt as a proof; nil if none.
	Canary *Canary `json:"canary,omitempty"`
	// Switched is the latest change of the provider's Networking v2 that a run made, or
	// was about to make; nil if none did.
	Switched *Switch `json:"switched,omitempty"`
	// Distance is how far the provider's users were and are, as the latest migration
	// measured it; nil if none did.
	Distance *v1alpha1.Distance `json:"distance,omitempty"`
	// Retention is the ledger of the retained legacy release; nil if none is.
	Retention *Ledger `json:"retention,omitempty"`
	// Steps are the latest results, oldest first.
	Steps []v1alpha1.StepResult `json:"steps,omitempty"`
	// History are the latest runs before this one, oldest first.
	History []v1alpha1.Run `json:"history,omitempty"`
}

// Before is what was found before a migration, and what a rollback returns to.
type Before struct {
	// NetworkingV2 is the provider's flag; nil if it had none, or if it was on and
	// may have been switched on by a migration whose journal is lost.
	NetworkingV2 *bool `json:"networkingV2,omitempty"`
	// SatelliteRecords is the newest revision of the satellite's release, whatever
	// its status; 0 if there was no record, nil if that is not known.
	SatelliteRecords *int `json:"satelliteRecords,omitempty"`
	// SatelliteRevision is the deployed revision of the satellite's release; 0 if none.
	SatelliteRevision int `json:"satelliteRevision"`
	// RegistrationID is the satellite's registration; empty if none.
	RegistrationID string `json:"registrationID,omitempty"`
}

// Canary is the workspace that is rebuilt as a proof.
type Canary struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Proves is what the rebuild proves; one of the Proves constants.
	Proves string `json:"proves"`
	// Asked tells that the rebuild was, or was about to be, asked for.
	Asked bool `json:"asked"`
	// BuiltBefore is the time of its last build before that, by the primary's clock.
	BuiltBefore time.Time `json:"builtBefore,omitzero"`
	// Rebuilt tells that the rebuild ended well.
	Rebuilt bool `json:"rebuilt"`
	// Reached is set when a run has connected to it since, as its owner's clients do.
	Reached bool `json:"reached,omitempty"`
}

// Switch is a change of a provider's Networking v2.
type Switch struct {
	On bool `json:"on"`
	// At is when, by the operator's machine.
	At time.Time `json:"at"`
	// LatestBuild is when the latest build of any of the provider's workspaces had begun
	// by then, by the primary's clock: no two clocks are compared to tell which
	// workspaces were built since. Zero if there was no workspace, nil if that is not known.
	LatestBuild *time.Time `json:"latestBuild,omitempty"`
	// Running are the IDs of the provider's workspaces that ran, or were being built. A
	// primary of v1.21.1 or later rebuilds them.
	Running []string `json:"running,omitempty"`
}

// What the rebuild of a canary proves.
const (
	ProvesSatellite = "satellite" // that workspaces work with Networking v2
	ProvesLegacy    = "legacy"    // that they work on the legacy path again
	ProvesFinalized = "finalized" // that they work without the legacy release
)

// Ledger says which legacy release is retained, and is the authority on it.
type Ledger struct {
	Namespace string `json:"namespace"`
	Release   string `json:"release"`
	// Revision is the deployed revision that is retained.
	Revision int `json:"revision"`
	// RecordBefore is "sha256:<hex>" of the release record's bytes as they were.
	RecordBefore string `json:"recordBefore"`
	// Backup is the name of the Secret, in the journal's namespace, that holds them.
	Backup   string    `json:"backup"`
	Operator string    `json:"operator"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}

// Covers reports whether the ledger lists exactly this revision.
func (l *Ledger) Covers(namespace, release string, revision int) bool {
	return l != nil && l.Namespace == namespace && l.Release == release && l.Revision == revision
}

// Start names a new run.
type Start struct {
	RunID, Operation, Operator, Reason, PlanFingerprint string
	// Primary is the primary's URL.
	Primary string
	At      time.Time
}

// Start begins a new run: the one before it goes into the history, and what it
// left to be known (what was found before, the canary, the ledger) stays.
func (r *Record) Start(s Start) {
	if r.Operation != "" {
		r.History = append(r.History, r.Run())
		r.History = r.History[max(0, len(r.History)-maxRuns):]
	}
	r.RunID, r.Operation, r.Operator, r.PlanFingerprint = s.RunID, s.Operation, s.Operator, s.PlanFingerprint
	r.Reason = bounded(redact.Text(s.Reason), maxText)
	if s.Primary != "" {
		r.Primary = coder.NormalURL(s.Primary)
	}
	r.Step, r.State, r.Outcome, r.Steps = "", "", "", nil
	r.Started, r.Updated = s.At, s.At
}

// Run returns the latest run in short.
func (r *Record) Run() v1alpha1.Run {
	run := v1alpha1.Run{
		ID: r.RunID, Operation: r.Operation, Operator: r.Operator, Step: r.Step, State: r.State, Outcome: r.Outcome, Reason: r.Reason,
		Started: metav1.NewTime(r.Started), Updated: metav1.NewTime(r.Updated),
	}
	for _, step := range r.Steps {
		run.Error = cmp.Or(run.Error, step.Error)
	}
	return run
}

// Remember keeps what was found before, unless an earlier run of the same
// migration has found it already: only the first finding is from before.
func (r *Record) Remember(found Before) {
	if r.Before == nil {
		r.Before = &found
	}
}

// Serve notes providers that are about to be migrated to the satellite.
func (r *Record) Serve(ids ...string) {
	r.Serves = slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.Serves, ids))))
}

// Begin notes that a step is begun.
func (r *Record) Begin(result v1alpha1.StepResult) {
	r.Step, r.State, r.Updated = result.Name, v1alpha1.StepRunning, result.Started.Time
}

// End notes how a step ended. Of long texts only the beginning is kept.
func (r *Record) End(result v1alpha1.StepResult) {
	// before they are cut: half a secret is not known for one
	result.Message, result.Error = bounded(redact.Text(result.Message), maxText), bounded(redact.Text(result.Error), maxText)
	r.Steps = append(r.Steps, result)
	r.Steps = r.Steps[max(0, len(r.Steps)-maxSteps):]
	r.Step, r.State, r.Updated = result.Name, result.State, result.Finished.Time
}

// Finish notes how the run ended.
func (r *Record) Finish(outcome v1alpha1.Outcome, at time.Time) {
	r.Outcome, r.Updated = outcome, at
}
