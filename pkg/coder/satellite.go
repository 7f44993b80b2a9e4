package coder

import (
	"context"
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

// SatelliteKey is what a satellite says of its key.
type SatelliteKey struct {
	// Key is the public key, as text of a form that the server chooses.
	Key string `json:"key"`
	// Fingerprint is the key's, as text of a form that the server chooses.
	Fingerprint string `json:"fingerprint"`
}

// Satellites returns all registered satellites.
func (c *Client) Satellites(ctx context.Context) ([]Satellite, error) {
	var listed struct {
		Data list[Satellite] `json:"data"`
	}
	r := request{method: http.MethodGet, path: satellitesPath, repeatable: true}
	if _, err := c.do(ctx, r, &listed); err != nil {
		return nil, err
	}
	return listed.Data.of(c, r, func(s Satellite) string { return s.ID })
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
	_, err := c.do(ctx, request{method: http.MethodDelete, path: satellitesPath + "/" + url.PathEscape(id), repeatable: true}, nil)
	return err
}

// SatelliteKey returns the key that a satellite serves at its access URL. The
// request carries no token: who answers is not known yet.
func (c *Client) SatelliteKey(ctx context.Context) (SatelliteKey, error) {
	var key SatelliteKey
	r := request{method: http.MethodGet, path: satellitesPath + "/key", repeatable: true, public: true}
	if _, err := c.do(ctx, r, &key); err != nil {
		return SatelliteKey{}, err
	}
	// the Coder CLI asks the same of an answer
	if key.Key == "" || key.Fingerprint == "" {
		return SatelliteKey{}, fmt.Errorf("%s: the answer holds no key: is it a satellite?", c.named(r))
	}
	return key, nil
}
