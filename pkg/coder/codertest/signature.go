package codertest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
)

// Headers by which a satellite signs what it forwards (chosen).
const (
	headerFingerprint = "Coder-Satellite-Fingerprint"
	headerTimestamp   = "Coder-Satellite-Timestamp"
	headerSignature   = "Coder-Satellite-Signature"
)

// signatureAge is how old a signature may be, and how far ahead (chosen).
const signatureAge = 5 * time.Minute

func signed(method, path, timestamp string) []byte {
	sum := sha256.Sum256([]byte(method + "\n" + path + "\n" + timestamp))
	return sum[:]
}

// sign signs a request with a satellite's key.
func sign(r *http.Request, key *ecdsa.PrivateKey, print string, now time.Time) error {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	signature, err := ecdsa.SignASN1(rand.Reader, key, signed(r.Method, r.URL.Path, timestamp))
	if err != nil {
		return err
	}
	r.Header.Set(headerFingerprint, print)
	r.Header.Set(headerTimestamp, timestamp)
	r.Header.Set(headerSignature, base64.StdEncoding.EncodeToString(signature))
	return nil
}

// checkSatellite refuses a request that an unknown satellite has forwarded.
func (p *Primary) checkSatellite(r *http.Request) error {
	print := r.Header.Get(headerFingerprint)
	if print == "" {
		return nil // it came directly
	}
	p.mu.Lock()
	var der []byte
	for _, registration := range p.registrations {
		if registration.Fingerprint == print {
			der = registration.publicKey
		}
	}
	p.mu.Unlock()
	if der == nil {
		return refuse(http.StatusForbidden, "satellite_unregistered", "the satellite %s is not registered", print)
	}
	timestamp := r.Header.Get(headerTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	age := p.now().Sub(time.Unix(seconds, 0))
	if err != nil || age > signatureAge || age < -signatureAge {
		return refuse(http.StatusForbidden, "satellite_stale", "the satellite's signature is too old, or from the future")
	}
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get(headerSignature))
	key, keyErr := x509.ParsePKIXPublicKey(der)
	public, ok := key.(*ecdsa.PublicKey)
	if err != nil || keyErr != nil || !ok || !ecdsa.VerifyASN1(public, signed(r.Method, r.URL.Path, timestamp), signature) {
		return refuse(http.StatusForbidden, "satellite_bad_signature", "the satellite's signature is wrong")
	}
	return nil
}
