package report

import (
	"io"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// A file of events may hold several runs, of which the last is shown. Steps that were undone are
// shown next to those that were done.
func TestRunFromEvents(t *testing.T) {
	if run := fromEvents(nil); run != nil {
		t.Errorf("of no events: %+v", run)
	}
	of := func(second int, region, step string, state v1alpha1.StepState) v1alpha1.Progress {
		return v1alpha1.Progress{Time: at(second), Region: region, Step: step, State: state, Message: string(state)}
	}
	run := fromEvents([]v1alpha1.Progress{
		of(0, "sydney", "", v1alpha1.StepRunning), of(1, "sydney", "install", v1alpha1.StepRunning), // this run was killed
		of(9, "london", "", v1alpha1.StepAlready),
		of(10, "sydney", "", v1alpha1.StepRunning), of(11, "sydney", "install", v1alpha1.StepRunning), of(12, "sydney", "install", v1alpha1.StepDone),
		of(13, "sydney", "install", v1alpha1.StepRunning), of(14, "sydney", "install", v1alpha1.StepUndone), of(15, "sydney", "", v1alpha1.StepFailed),
		of(16, "", "", v1alpha1.StepRunning), of(17, "ohio", "", v1alpha1.StepAlready),
	})
	if !run.Started.Time.Equal(at(10).Time) || !run.Finished.Time.Equal(at(17).Time) || len(run.Regions) != 2 {
		t.Fatalf("%+v", run)
	}
	sydney, ohio := run.Regions[0], run.Regions[1]
	if sydney.Outcome != v1alpha1.OutcomeFailed || sydney.Error != "Failed" || ohio.Outcome != v1alpha1.OutcomeSucceeded || ohio.Error != "" {
		t.Errorf("sydney %s, %q; ohio %s, %q", sydney.Outcome, sydney.Error, ohio.Outcome, ohio.Error)
	}
	if len(sydney.Steps) != 2 || sydney.Steps[0].State != v1alpha1.StepDone || sydney.Steps[1].State != v1alpha1.StepUndone || !sydney.Steps[1].Started.Time.Equal(at(13).Time) {
		t.Errorf("%+v", sydney.Steps)
	}
}

func TestNoSuchFormat(t *testing.T) {
	if err := (&Report{}).Write(io.Discard, "pdf"); err == nil {
		t.Error("it is written")
	}
}
