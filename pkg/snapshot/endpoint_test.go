package snapshot

import (
	"errors"
	"testing"
)

// status, rollback and other verbs also work without an access URL.
func TestEndpointWithoutAccessURL(t *testing.T) {
	endpoint := (&Source{}).endpoint(t.Context(), nil, nil)
	if _, known := endpoint.Get(); known || !errors.Is(endpoint.Err(), errNoAccessURL) {
		t.Errorf("got %+v, want an unknown that says why", endpoint)
	}
}
