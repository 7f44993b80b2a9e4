package health

import (
	"errors"
	"net/http"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Evaluate answers the checks in their order. If several are unknown for the same reason, only the first reports it.
func Evaluate(checks []Check, s *snapshot.Snapshot) []v1alpha1.CheckResult {
	results := make([]v1alpha1.CheckResult, 0, len(checks))
	var told []reported
	for _, check := range checks {
		if s.Region.Satellite.None() && ofSatellite(check.Info) {
			continue
		}
		answer := check.Evaluate(s)
		if answer.cause != nil {
			same := func(earlier reported) bool { // a warning must not silence a failure
				heavy := earlier.severity == v1alpha1.SeverityError || check.Info.Severity != v1alpha1.SeverityError
				return heavy && sameCause(earlier.cause, answer.cause)
			}
			if i := slices.IndexFunc(told, same); i >= 0 {
				answer = skip("unknown for the same reason as %s", told[i].id)
			} else {
				told = append(told, reported{check.Info.ID, check.Info.Severity, answer.cause})
			}
		}
		if answer.State == v1alpha1.CheckFail && check.Info.Severity == v1alpha1.SeverityWarning {
			answer.State = v1alpha1.CheckWarn
		}
		result := v1alpha1.CheckResult{
			ID: check.Info.ID, Category: check.Info.Category, Severity: check.Info.Severity,
			State: answer.State, Message: answer.Message, Hint: answer.Hint,
		}
		if ofProvider(check.Info) {
			result.Provider = s.ProviderName()
		}
		results = append(results, result)
	}
	return results
}

// ofProvider reports whether the check is about a provider, and so is asked for each provider of a region.
func ofProvider(check v1alpha1.CheckInfo) bool {
	return slices.Contains([]string{"provider", "legacy", "canary", "run"}, check.Category) ||
		slices.Contains([]string{"region-distinct", "namespace-separate", "primary-same", "devurl-certificate"}, check.ID)
}

// ofSatellite reports whether a region without a satellite skips the check: it is about one, or the way back from one.
func ofSatellite(check v1alpha1.CheckInfo) bool {
	return !slices.Contains([]string{"primary", "provider", "canary", "run"}, check.Category) &&
		!slices.Contains([]string{"region-distinct", "primary-same"}, check.ID)
}

// EvaluateRegion evaluates checks on the views of a region's providers, at least one. Checks about the primary or the
// satellite are reported once, checks about providers for each in turn.
func EvaluateRegion(views []*snapshot.Snapshot, evaluate func(*snapshot.Snapshot) []v1alpha1.CheckResult) []v1alpha1.CheckResult {
	results := evaluate(views[0])
	for _, s := range views[1:] {
		for _, r := range evaluate(s) {
			if r.Provider != "" {
				results = insert(results, r)
			}
		}
	}
	return results
}

func insert(results []v1alpha1.CheckResult, r v1alpha1.CheckResult) []v1alpha1.CheckResult {
	for i, other := range slices.Backward(results) {
		if other.ID == r.ID {
			return slices.Insert(results, i+1, r)
		}
	}
	return append(results, r)
}

// reported is a check that reported why a fact is missing, so that an expired token or an unreachable cluster is reported
// once only.
type reported struct {
	id       string
	severity v1alpha1.Severity
	cause    error
}

// sameCause reports whether fixing the cause of one missing fact would fix the other.
func sameCause(earlier, later error) bool {
	return errors.Is(later, earlier) || earlier.Error() == later.Error() ||
		both(earlier, later, func(a, b *cluster.UnreachableError) bool { // whatever was asked for
			return a.Context == b.Context && a.Reason == b.Reason
		}) ||
		both(earlier, later, func(a, b *coder.TransportError) bool { return a.Host == b.Host && a.Reason == b.Reason }) ||
		both(earlier, later, func(a, b *coder.Error) bool { return a.Host == b.Host && a.Status == b.Status && general(a.Status) })
}

func both[T error](earlier, later error, alike func(a, b T) bool) bool {
	var a, b T
	return errors.As(earlier, &a) && errors.As(later, &b) && alike(a, b)
}

// general reports whether a host gives this answer to every request: because of the token, the user's role, or a proxy.
func general(status int) bool {
	return slices.Contains([]int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	}, status)
}
