package codertest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"net/http"
)

// sshKey is the key pair with which a user's clients authenticate to workspaces.
type sshKey struct {
	PublicKey  string `json:"public_key"`
	PrivateKey string `json:"private_key"`
}

// newSSHKey returns a key pair in OpenSSH's form (RFC 5656, 3.1; the private key as in RFC 5915).
func newSSHKey() (*sshKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	const curve = "nistp256"
	const kind = "ecdsa-sha2-" + curve
	var blob bytes.Buffer
	for _, field := range [][]byte{[]byte(kind), []byte(curve), point} {
		_ = binary.Write(&blob, binary.BigEndian, uint32(len(field))) // a buffer takes it all
		blob.Write(field)
	}
	return &sshKey{
		PublicKey:  kind + " " + base64.StdEncoding.EncodeToString(blob.Bytes()),
		PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
	}, nil
}

// getSSHKey answers with the user's own key pair, made at the first request.
func (c *call) getSSHKey() error {
	p := c.primary
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sshKeys[c.user.ID] == nil {
		key, err := newSSHKey()
		if err != nil {
			return err
		}
		p.sshKeys[c.user.ID] = key
	}
	return c.answer(http.StatusOK, p.sshKeys[c.user.ID])
}

// uxStateEndpoint accepts and ignores what a client notes for the web client: that SSH is configured.
func uxStateEndpoint(id, rest string) methods {
	if id == "" || rest != "ux-state" {
		return nil
	}
	return methods{http.MethodPut: {serve: func(c *call) error {
		var state map[string]any
		if err := c.decode(&state); err != nil {
			return err
		}
		if id != "me" && id != c.user.ID {
			return refuse(http.StatusForbidden, "forbidden", "the state is another user's")
		}
		return c.done()
	}}}
}

// configEndpoint is the site's configuration, as far as clients read it: before v1.21, whether workspaces are reached
// through WebRTC.
func configEndpoint(id string) methods {
	if id != "" {
		return nil
	}
	return methods{http.MethodGet: {serve: func(c *call) error {
		return c.answer(http.StatusOK, map[string]bool{"enable_container_vms": false, "enable_workspaces_as_code": false, "enable_p2p": true})
	}}}
}
