package health

import (
	"errors"
	"net/http"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// reported is a check that reported why a fact is missing.
type reported struct {
	id       string
	severity v1alpha1.Severity
	cause    error
}

// causes are those already reported, so that an expired token or an unreachable cluster is reported once only.
type causes []reported

// told returns the check of at least this severity that reported the cause: a warning must not silence a failure.
func (c causes) told(cause error, severity v1alpha1.Severity) (id string, ok bool) {
	for _, earlier := range c {
		heavy := earlier.severity == v1alpha1.SeverityError || severity != v1alpha1.SeverityError
		if heavy && sameCause(earlier.cause, cause) {
			return earlier.id, true
		}
	}
	return "", false
}

// sameCause reports whether fixing the cause of one missing fact would fix the other.
func sameCause(earlier, later error) bool {
	if earlier == nil || later == nil {
		return false
	}
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
