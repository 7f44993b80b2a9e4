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

// Satellite is a satellite's registration at the primary.
type Satellite struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
}

func (s Satellite) id() string { return s.ID }

// SatelliteKey is a satellite's public key and its fingerprint, in forms that the server chooses.
type SatelliteKey struct {
	Key         string `json:"key"`
	Fingerprint string `json:"fingerprint"`
}

// Satellites returns all registered satellites.
func (c *Client) Satellites(ctx context.Context) ([]Satellite, error) {
	return readAll[Satellite](ctx, c, satellitesPath, "data")
}

// CreateSatellite registers a satellite's public key, once: after a lost answer, only Satellites shows the result.
func (c *Client) CreateSatellite(ctx context.Context, name, publicKey string) (Satellite, error) {
	var created struct{ Data Satellite }
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

// keyPath is where a satellite serves its key to anybody; a primary has none.
const keyPath = satellitesPath + "/key"

// SatelliteKey returns the key that a satellite serves at its access URL. The request carries neither the token nor the
// AuthHeader: until its key is compared, the server is unknown.
func (c *Client) SatelliteKey(ctx context.Context) (SatelliteKey, error) {
	var key SatelliteKey
	r := request{method: http.MethodGet, path: keyPath, repeatable: true, public: true, anonymous: true}
	if _, err := c.do(ctx, r, &key); err != nil {
		return SatelliteKey{}, c.withheld(err)
	}
	// coder-cli requires the same of an answer
	if key.Key == "" || key.Fingerprint == "" {
		return SatelliteKey{}, c.withheld(fmt.Errorf("%s: the answer holds no key: is it a satellite?", c.named(r)))
	}
	return key, nil
}

// withheld adds to an error that an authenticating proxy may have caused that the AuthHeader was not sent.
func (c *Client) withheld(err error) error {
	if unanswered := new(TransportError); c.config.AuthHeader == "" || errors.As(err, &unanswered) {
		return err
	}
	return fmt.Errorf("%w (ENDPOINT_AUTH_HEADER was not sent, because only its key shows whether this is the satellite: "+
		"a proxy in front of it must let GET %s pass without authentication)", err, keyPath)
}

// ServedKey returns the key that the deployment itself serves if it is a satellite, and an empty one for a primary. An
// error means that the deployment did not answer. The request carries no token.
func (c *Client) ServedKey(ctx context.Context) (SatelliteKey, error) {
	got, err := c.do(ctx, request{method: http.MethodGet, path: keyPath, repeatable: true, public: true}, nil)
	if refusal, is := errors.AsType[*Error](err); is && refusal.Status/100 == 4 && refusal.Status != http.StatusTooManyRequests {
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

// ReachKey checks once, without a token, that a satellite serves a key.
func (c *Client) ReachKey(ctx context.Context) error {
	got, err := c.attempt(ctx, request{method: http.MethodGet, path: keyPath, public: true}, nil)
	if err != nil {
		return err
	}
	var key SatelliteKey
	if json.Unmarshal(got.body, &key) != nil || key.Key == "" {
		return fmt.Errorf("GET %s%s: the answer holds no key", c.base.Host, keyPath)
	}
	return nil
}

// Identity is what a deployment says of itself to anybody: a satellite its key, a primary the version of its API.
type Identity struct {
	Key     SatelliteKey
	Version Version
}

// Identify asks what answers at the URL, a satellite or a primary. It takes one request, or two where no satellite
// answers. Neither carries the token nor the AuthHeader: the server is unknown.
func (c *Client) Identify(ctx context.Context) (Identity, error) {
	key, err := c.SatelliteKey(ctx)
	if err == nil {
		return Identity{Key: key}, nil
	}
	if _, unanswered := errors.AsType[*TransportError](err); unanswered {
		return Identity{}, err
	}
	version, versionErr := c.version(ctx, true)
	if versionErr != nil {
		return Identity{}, fmt.Errorf("neither a satellite nor a primary answers: %w; %w", err, versionErr)
	}
	return Identity{Version: version}, nil
}
