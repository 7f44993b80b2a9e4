package snapshot

import (
	"errors"
	"testing"
)

// status, rollback and others take a context without an access URL.
func TestEndpointWithoutAccessURL(t *testing.T) {
	endpoint := (&Source{}).endpoint(t.Context())
	if _, known := endpoint.Get(); known || !errors.Is(endpoint.Err(), errNoAccessURL) {
		t.Errorf("got %+v, want an unknown that says why", endpoint)
	}
}
