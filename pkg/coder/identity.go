package coder

import (
	"context"
	"errors"
	"fmt"
)

// Identity is what a deployment says of itself to anybody.
type Identity struct {
	// Key is the key of a satellite; empty for a primary, which has none.
	Key SatelliteKey
	// Version is that of a primary's API; zero for a satellite, which is not asked.
	Version Version
}

// Identify asks what answers at the URL: a satellite serves its key; a primary
// has none, but its API names its version. It takes one request, or two where no
// satellite answers. Neither carries the token nor the AuthHeader: who answers is
// not known.
func (c *Client) Identify(ctx context.Context) (Identity, error) {
	key, err := c.SatelliteKey(ctx)
	if err == nil {
		return Identity{Key: key}, nil
	}
	if unanswered := new(TransportError); errors.As(err, &unanswered) {
		return Identity{}, err
	}
	version, versionErr := c.version(ctx, true)
	if versionErr != nil {
		return Identity{}, fmt.Errorf("neither a satellite nor a primary answers: %w; %w", err, versionErr)
	}
	return Identity{Version: version}, nil
}
