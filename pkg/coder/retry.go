package coder

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Waits between attempts. longestWait also caps what a server asks for with Retry-After.
const (
	firstWait   = 200 * time.Millisecond
	longestWait = 10 * time.Second
)

// retryAfter reports whether a failure may pass, and how long to wait: what the server asked for, or twice as long each
// time, of which a random half so that many clients spread out.
func retryAfter(err error, attempt int) (time.Duration, bool) {
	const doublings = 10 // beyond it lies longestWait, and far beyond an overflow
	wait := min(firstWait<<min(attempt-1, doublings), longestWait)
	wait = wait/2 + rand.N(wait/2) //nolint:gosec // spreading out needs no secrecy
	if unanswered, is := errors.AsType[*TransportError](err); is {
		return wait, unanswered.passes
	}
	failure, is := errors.AsType[*Error](err)
	if !is {
		return 0, false
	}
	switch failure.Status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if failure.retryAfter > 0 {
			wait = min(failure.retryAfter, longestWait)
		}
		return wait, true
	default:
		return 0, false
	}
}

// notSent reports whether the request certainly did not reach the server: no connection to it, or to its proxy, was made.
func notSent(err error) bool {
	_, refused := errors.AsType[*proxyError](err)
	op, failed := errors.AsType[*net.OpError](err)
	return refused || failed && (op.Op == "dial" || op.Op == proxyConnect)
}

func parseRetryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 3600)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
