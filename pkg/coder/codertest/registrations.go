package codertest

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
)

// Satellites returns the present registrations.
func (p *Primary) Satellites() []Registration {
	p.mu.Lock()
	defer p.mu.Unlock()
	registrations := make([]Registration, len(p.registrations))
	for i, r := range p.registrations {
		registrations[i] = *r
	}
	return registrations
}

func satelliteEndpoint(id, rest string) methods {
	switch {
	case rest != "":
		return nil
	case id == "":
		return methods{
			http.MethodGet:  {manage: true, serve: (*call).listSatellites},
			http.MethodPost: {manage: true, serve: (*call).createSatellite},
		}
	case id == "key":
		return nil // only a satellite has a key to serve
	default:
		return methods{http.MethodDelete: {manage: true, serve: func(c *call) error { return c.deleteSatellite(id) }}}
	}
}

func (c *call) listSatellites() error {
	return c.answer(http.StatusOK, map[string]any{"data": c.primary.Satellites()})
}

func (c *call) createSatellite() error {
	var body struct {
		Name      string `json:"name"`
		PublicKey string `json:"public_key"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	if body.Name == "" {
		return refuse(http.StatusBadRequest, "bad_request", "name is required")
	}
	der, err := publicKeyDER(body.PublicKey)
	if err != nil {
		return refuse(http.StatusBadRequest, "bad_request", "public_key: %v", err)
	}
	p := c.primary
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.registrations {
		switch {
		case r.Name == body.Name:
			return refuse(http.StatusConflict, "conflict", "a satellite named %q exists already", body.Name)
		case bytes.Equal(r.publicKey, der):
			return refuse(http.StatusConflict, "conflict", "the key is registered already, as %q", r.Name)
		}
	}
	r := &Registration{ID: newID(), Name: body.Name, Fingerprint: fingerprint(der), publicKey: der}
	p.registrations = append(p.registrations, r)
	return c.answer(http.StatusCreated, map[string]any{"data": r})
}

func (c *call) deleteSatellite(id string) error {
	p := c.primary
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.registrations, func(r *Registration) bool { return r.ID == id })
	if i < 0 {
		return notFound("satellite", id)
	}
	p.registrations = slices.Delete(p.registrations, i, i+1)
	return c.done()
}

// publicKeyDER reads a public key in PEM, PKIX (chosen).
func publicKeyDER(text string) ([]byte, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("it must be one public key in PEM form")
	}
	if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
		return nil, errors.New("it must be a public key in PKIX form")
	}
	return block.Bytes, nil
}

// fingerprint is "SHA256:" and unpadded base64 (chosen).
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}
