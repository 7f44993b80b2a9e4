package coder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

const satellitesPath = "/api/private/satellites"

// Satellite is the registration of a satellite at the primary.
type Satellite struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
}

func (s Satellite) id() string { return s.ID }

// SatelliteKey is what a satellite says of its key.
type SatelliteKey struct {
	// Key is the public key, as text of a form that the server chooses.
	Key string `json:"key"`
	// Fingerprint is the key's, as text of a form that the server chooses.
	Fingerprint string `json:"fingerprint"`
}

// Satellites returns all registered satellites.
func (c *Client) Satellites(ctx context.Context) ([]Satellite, error) {
	return readListed[Satellite](ctx, c, satellitesPath, "data")
}

// CreateSatellite registers a satellite's public key under a name. It is sent
// once: after a lost answer, only a listing tells whether it was done.
func (c *Client) CreateSatellite(ctx context.Context, name, publicKey string) (Satellite, error) {
	var created struct {
		Data Satellite `json:"data"`
	}
	r := request{method: http.MethodPost, path: satellitesPath, body: map[string]string{"name": name, "public_key": publicKey}}
	if _, err := c.do(ctx, r, &created); err != nil {
		return Satellite{}, err
	}
	if created.Data.ID == "" {
		return Satellite{}, c.incomplete(r, "the answer holds no registration; the list of satellites shows whether it was made")
	}
	return created.Data, nil
}

// DeleteSatellite deletes the registration with that ID.
func (c *Client) DeleteSatellite(ctx context.Context, id string) error {
	return c.change(ctx, http.MethodDelete, satellitesPath+"/"+url.PathEscape(id), nil)
}

// keyPath is where a satellite serves its key, to anybody; a primary has none.
const keyPath = satellitesPath + "/key"

// SatelliteKey returns the key that a satellite serves at its access URL. The
// request carries neither the token nor the AuthHeader: who answers is not
// known before its key has been compared.
func (c *Client) SatelliteKey(ctx context.Context) (SatelliteKey, error) {
	var key SatelliteKey
	r := request{method: http.MethodGet, path: keyPath, repeatable: true, public: true, anonymous: true}
	if _, err := c.do(ctx, r, &key); err != nil {
		return SatelliteKey{}, c.withheld(err)
	}
	// the Coder CLI asks the same of an answer
	if key.Key == "" || key.Fingerprint == "" {
		return SatelliteKey{}, c.withheld(fmt.Errorf("%s: the answer holds no key: is it a satellite?", c.named(r)))
	}
	return key, nil
}

// withheld adds to an error that an authenticating proxy may have caused that
// it was not sent what it asks for.
func (c *Client) withheld(err error) error {
	if unanswered := new(TransportError); c.config.AuthHeader == "" || errors.As(err, &unanswered) {
		return err
	}
	return fmt.Errorf("%w (ENDPOINT_AUTH_HEADER was not sent, because whether this is the satellite is not known before its key is: "+
		"a proxy in front of it must let GET %s pass without authentication)", err, keyPath)
}

// ServedKey returns the key that the deployment itself serves if it is a
// satellite. A primary has none to serve: whatever it answers instead is an
// empty SatelliteKey. An error means that there was no answer from the
// deployment itself. The request carries no token.
func (c *Client) ServedKey(ctx context.Context) (SatelliteKey, error) {
	got, err := c.do(ctx, request{method: http.MethodGet, path: keyPath, repeatable: true, public: true}, nil)
	if refusal := new(Error); errors.As(err, &refusal) && refusal.Status/100 == 4 && refusal.Status != http.StatusTooManyRequests {
		return SatelliteKey{}, nil
	}
	if err != nil {
		return SatelliteKey{}, err
	}
	var key SatelliteKey
	if json.Unmarshal(got.body, &key) != nil {
		return SatelliteKey{}, nil // such as a page of the dashboard
	}
	return key, nil
}

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
