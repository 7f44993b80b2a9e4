package migration

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// steps opens the journal, applies the steps, and closes the journal with how
// the run ended.
func (r *Runner) steps(ctx context.Context, source *snapshot.Source, s *snapshot.Snapshot, plan v1alpha1.RegionPlan, holds func(context.Context) error, report *v1alpha1.RegionReport) error {
	client := source.Access.Clientset()
	writer, err := journal.Open(ctx, client, source.Region.Namespace)
	if err != nil {
		return err
	}
	record := writer.Record()
	report.Resumed = resumed(record)
	record.Start(journal.Start{
		RunID:           r.Options.RunID,
		Operation:       r.Operation.Name,
		Operator:        r.Operator,
		Primary:         source.Primary.URL(),
		PlanFingerprint: plan.Fingerprint,
		At:              r.Clock.Now(),
	})
	if r.Operation.LeavesLegacy {
		record.Remember(before(s))
	}

	run := &Run{
		Source: source, Unfenced: r.Source.Primary, Initial: clone(s), Now: s,
		Operator: r.Operator, Options: r.Options, Clock: r.Clock, Record: record,
		progress: func(message string) { r.progress(record.Step, v1alpha1.StepRunning, message) },
	}
	run.Now.Journal = snapshot.Known(record)
	e := &engine{
		operation: r.Operation, run: run, report: report,
		store: writer.Write,
		emit: func(result v1alpha1.StepResult) {
			message := result.Message
			if result.Error != "" {
				message = result.Error
			}
			r.progress(result.Name, result.State, message)
			if result.State != v1alpha1.StepAlready {
				r.event(ctx, source, writer.UID(), result)
			}
		},
	}
	e.settle = (&settler{
		run: run, steps: r.Operation.Steps, report: report,
		read: run.Refresh, do: run.remedy, holds: holds, finish: e.finish,
		evidence: func(ctx context.Context) (string, error) { return keepEvidence(ctx, run, r.Operation.Name) },
	}).settle
	err = e.apply(ctx)
	run.look(ctx, err)
	report.After = run.stateAfter()
	if err == nil && r.Operation.Done != nil {
		r.Operation.Done(record)
	}
	record.Finish(outcomeOf(err), r.Clock.Now())
	if saveErr := e.save(ctx); saveErr != nil && err == nil {
		return saveErr
	}
	return err
}

// before are the facts to return to, as the journal keeps them.
func before(s *snapshot.Snapshot) journal.Before {
	found := journal.Before{SatelliteRevision: s.Satellite.Value().Revision}
	if state, known := s.Satellite.Get(); known {
		found.SatelliteRecords = ptr.To(state.LastRevision)
	}
	own, registered := s.Registration()
	found.RegistrationID = own.ID
	switch s.Networking() {
	case v1alpha1.NetworkingV2On:
		if !registered && s.Registrations.IsKnown() && s.Satellite.IsKnown() {
			found.NetworkingV2 = ptr.To(true)
		} // otherwise a migration may have switched it on whose journal is lost
	case v1alpha1.NetworkingV2Off:
		found.NetworkingV2 = ptr.To(false)
	}
	return found
}

// clone keeps what was found at the beginning while the snapshot in use goes on.
func clone(s *snapshot.Snapshot) *snapshot.Snapshot {
	kept := *s
	return &kept
}

// resumed says where an earlier run stopped; "" if none did.
func resumed(record *journal.Record) string {
	if record.Operation == "" || record.Outcome == v1alpha1.OutcomeSucceeded {
		return ""
	}
	how := "ended " + string(record.Outcome)
	if record.Outcome == "" {
		how = "stopped without recording a result"
	}
	return fmt.Sprintf("an earlier %s by %s %s at step %s (%s)", record.Operation, record.Operator, how, record.Step, record.Updated.UTC().Format("2006-01-02 15:04:05 MST"))
}

func (r *Runner) progress(step string, state v1alpha1.StepState, message string) {
	index := 0
	for i, s := range r.Operation.Steps {
		if s.Name == step {
			index = i + 1
		}
	}
	r.Report(v1alpha1.Progress{
		Time: metav1.NewTime(r.Clock.Now()), Region: r.Source.Region.Name, Step: step, State: state,
		Index: index, Total: len(r.Operation.Steps), Message: message,
	})
}

// event records a step as an Event. Events are for people; that one is missing
// changes nothing, so errors are dropped.
func (r *Runner) event(ctx context.Context, source *snapshot.Source, journalUID types.UID, result v1alpha1.StepResult) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	_ = journal.Emit(ctx, source.Access.Clientset(), source.Region.Namespace, journalUID, r.Operation.Name, result, metav1.NewTime(r.Clock.Now()))
}
