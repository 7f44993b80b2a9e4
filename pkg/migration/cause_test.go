package migration

import (
	"context"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestOutcomeOf(t *testing.T) {
	if got := outcomeOf(&TimeoutError{What: "the region", After: time.Minute, Flag: "--timeout"}); got != v1alpha1.OutcomeTimedOut {
		t.Errorf("a timeout is %s", got)
	}
	ctx, cancel := withTimeout(t.Context(), "install-satellite", time.Nanosecond, "--step-timeout")
	defer cancel()
	<-ctx.Done()
	if got := context.Cause(ctx).Error(); got != "install-satellite did not finish within 1ns (--step-timeout allows more time)" {
		t.Errorf("%q", got)
	}
	ctx, cancel = withTimeout(t.Context(), "", 0, "")
	defer cancel()
	if _, bound := ctx.Deadline(); bound {
		t.Error("0 is not a bound")
	}
}
