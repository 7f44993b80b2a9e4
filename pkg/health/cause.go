package health

import (
	"errors"
	"net/http"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// reported is a check that told of a cause for not knowing.
type reported struct {
	id       string
	severity v1alpha1.Severity
	cause    error
}

// causes are what was told already, so that an expired token or a cluster that
// does not answer is told of once and not by every check that needs it.
type causes []reported

// told returns the check that told of the cause and weighs at least as much:
// a check that only warns must not silence one that makes the region fail.
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
		sameCluster(earlier, later) || sameSilence(earlier, later) || sameRefusal(earlier, later)
}

// sameCluster: one context, one reason, whatever was asked for.
func sameCluster(a, b error) bool {
	var one, other *cluster.UnreachableError
	return errors.As(a, &one) && errors.As(b, &other) && one.Context == other.Context && one.Reason == other.Reason
}

// sameSilence: no answer from one host, for one reason.
func sameSilence(a, b error) bool {
	var one, other *coder.TransportError
	return errors.As(a, &one) && errors.As(b, &other) && one.Host == other.Host && one.Reason == other.Reason
}

// sameRefusal: a host that accepts the token nowhere, or a proxy in front of it
// that cannot reach it.
func sameRefusal(a, b error) bool {
	var one, other *coder.Error
	if !errors.As(a, &one) || !errors.As(b, &other) || one.Host != other.Host || one.Status != other.Status {
		return false
	}
	switch one.Status {
	case http.StatusUnauthorized, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}
