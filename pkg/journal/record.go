// Package journal keeps the record of what was done to a satellite or a provider, in a ConfigMap beside it: who did
// what and when, and what was found before. It explains, and never overrides live state. It holds no secrets.
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
	maxText  = 2 << 10 // of a step's message or error
)

// Record is what a journal holds. Some fields concern only a satellite, some only a provider.
type Record struct {
	Version         int                   `json:"version"`
	RunID           string                `json:"runID,omitempty"`
	Operation       string                `json:"operation,omitempty"`       // the verb; empty before the first run
	Operator        string                `json:"operator,omitempty"`        // the operator's e-mail address
	Primary         string                `json:"primary,omitempty"`         // normalised URL; empty in records of versions that did not note it
	Reason          string                `json:"reason,omitempty"`          // the operator's; may be empty
	PlanFingerprint string                `json:"planFingerprint,omitempty"` // of the plan that was applied
	Step            string                `json:"step,omitempty"`            // the step begun last
	State           v1alpha1.StepState    `json:"state,omitempty"`           // how far it got
	Outcome         v1alpha1.Outcome      `json:"outcome,omitempty"`         // how the run ended; empty while it runs, or if it died
	Started         time.Time             `json:"started,omitzero"`          // by the operator's clock, like Updated
	Updated         time.Time             `json:"updated,omitzero"`
	Before          *Before               `json:"before,omitempty"`                 // what the first run of the migration found
	Migrated        bool                  `json:"migrated,omitempty"`               // set by a complete migration; cleared by a rollback, or another switch to Networking v2
	Serves          []string              `json:"serves,omitempty"`                 // IDs of providers migrated to the satellite, sorted; some may be rolled back, or in another Fleet file
	RegistrationID  string                `json:"registrationID,omitempty"`         // the registration that the migration made; empty if none
	Canary          *Canary               `json:"canary,omitempty"`                 // the workspace rebuilt as a proof; nil if none
	Switched        *Switch               `json:"switched,omitempty"`               // the latest change of Networking v2, made or about to be made; nil if none
	Distance        *v1alpha1.Distance    `json:"distance,omitempty"`               // from the provider's users, as the latest migration measured it; nil if none did
	LongestGap      *int64                `json:"longestGapMilliseconds,omitempty"` // without an answer for the provider's users in the latest migration; nil if it measured none
	Retention       *Ledger               `json:"retention,omitempty"`              // the ledger of the retained legacy release; nil if none is
	Suspended       string                `json:"suspended,omitempty"`              // the GitOps object suspended to retain the legacy release; empty if none
	Steps           []v1alpha1.StepResult `json:"steps,omitempty"`                  // the latest results, oldest first
	History         []v1alpha1.Run        `json:"history,omitempty"`                // the runs before this one, oldest first
}

// Before is what was found before a migration, and what a rollback returns to.
type Before struct {
	// NetworkingV2 is the provider's flag; nil if it had none, or if it was on and a migration whose journal is lost
	// may have switched it on.
	NetworkingV2 *bool `json:"networkingV2,omitempty"`
	// SatelliteRecords is the newest revision of the satellite's release in any status; 0 without records, nil if unknown.
	SatelliteRecords  *int `json:"satelliteRecords,omitempty"`
	SatelliteRevision int  `json:"satelliteRevision"` // the release's deployed revision; 0 if none
	// RegistrationID is the satellite's registration; empty if none.
	RegistrationID string `json:"registrationID,omitempty"`
}

// Canary is the workspace rebuilt as a proof.
type Canary struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Proves      string    `json:"proves"`               // one of the Proves constants
	Asked       bool      `json:"asked"`                // set before the rebuild is requested
	BuiltBefore time.Time `json:"builtBefore,omitzero"` // when the last build before that began, by the primary's clock
	Rebuilt     bool      `json:"rebuilt"`              // set when the rebuild has succeeded
	Reached     bool      `json:"reached,omitempty"`    // set when a run has connected to it since, as its owner's clients do
}

// Switch is a change of a provider's Networking v2.
type Switch struct {
	On bool      `json:"on"`
	At time.Time `json:"at"` // by the operator's clock
	// LatestBuild is when the latest build of any of the provider's workspaces had begun by then, by the primary's
	// clock: it identifies workspaces built since without comparing clocks. Zero without workspaces, nil if unknown.
	LatestBuild *time.Time `json:"latestBuild,omitempty"`
	Running     []string   `json:"running,omitempty"` // IDs of the workspaces that ran or were being built: v1.21.1 and later rebuild them
}

// What the rebuild of a canary proves.
const (
	ProvesSatellite = "satellite" // that workspaces work with Networking v2
	ProvesLegacy    = "legacy"    // that they work on the legacy path again
	ProvesFinalized = "finalized" // that they work without the legacy release
)

// Ledger identifies the retained legacy release, and is the authority on it.
type Ledger struct {
	Namespace    string    `json:"namespace"`
	Release      string    `json:"release"`
	Revision     int       `json:"revision"`     // that is retained
	RecordBefore string    `json:"recordBefore"` // "sha256:<hex>" of the release record's bytes as they were
	Backup       string    `json:"backup"`       // name of the Secret, in the journal's namespace, that holds them
	Operator     string    `json:"operator"`
	Reason       string    `json:"reason"`
	At           time.Time `json:"at"`
}

// Covers reports whether the ledger lists exactly this revision.
func (l *Ledger) Covers(namespace, release string, revision int) bool {
	return l != nil && l.Namespace == namespace && l.Release == release && l.Revision == revision
}

// Start names a new run.
type Start struct {
	RunID, Operation, Operator, Reason, PlanFingerprint, Primary string
	At                                                           time.Time
}

// Start begins a new run. The run before moves into the history; what it left (Before, the canary, the ledger) stays.
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

// Run summarises the latest run.
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

// Remember keeps what was found before, unless an earlier run of the same migration did.
func (r *Record) Remember(found Before) {
	if r.Before == nil {
		r.Before = &found
	}
}

// Serve adds providers that are about to be migrated to the satellite.
func (r *Record) Serve(ids ...string) {
	r.Serves = slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.Serves, ids))))
}

// Begin notes the start of a step.
func (r *Record) Begin(result v1alpha1.StepResult) {
	r.Step, r.State, r.Updated = result.Name, v1alpha1.StepRunning, result.Started.Time
}

// End notes how a step ended, and truncates long texts.
func (r *Record) End(result v1alpha1.StepResult) {
	// before truncation: half a secret is not recognised
	result.Message, result.Error = bounded(redact.Text(result.Message), maxText), bounded(redact.Text(result.Error), maxText)
	r.Steps = append(r.Steps, result)
	r.Steps = r.Steps[max(0, len(r.Steps)-maxSteps):]
	r.Step, r.State, r.Updated = result.Name, result.State, result.Finished.Time
}

// Finish notes how the run ended.
func (r *Record) Finish(outcome v1alpha1.Outcome, at time.Time) {
	r.Outcome, r.Updated = outcome, at
}
