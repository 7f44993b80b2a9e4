// Package pki creates the lab's certificates and tokens.
package pki

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// Files are the files for API servers and controllers.
type Files struct {
	// Certificate and Key are shared by all servers of the lab: 127.0.0.1 and localhost.
	Certificate, Key []byte
	// CA is the authority's certificate, in PEM form.
	CA []byte
	// CertFile and KeyFile are the files with Certificate and Key.
	CertFile, KeyFile string
	// AccountKey signs the tokens of service accounts.
	AccountKey string
	// Tokens are API server tokens by user: "operator" and "lab".
	Tokens map[string]string
	// TokenFile lists the tokens for API servers.
	TokenFile string
}

// Make writes the authority, certificates, keys and tokens to dir, and the authority's
// certificate to caFile.
func Make(dir, caFile string) (*Files, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	authority, err := codertest.NewAuthority()
	if err != nil {
		return nil, err
	}
	files := &Files{
		CA:         authority.PEM(),
		CertFile:   filepath.Join(dir, "server.pem"),
		KeyFile:    filepath.Join(dir, "server-key.pem"),
		AccountKey: filepath.Join(dir, "account-key.pem"),
		TokenFile:  filepath.Join(dir, "tokens.csv"),
		Tokens:     map[string]string{},
	}
	if files.Certificate, files.Key, err = authority.IssuePEM("127.0.0.1", "localhost"); err != nil {
		return nil, err
	}
	accountKey, err := codertest.NewPrivateKey()
	if err != nil {
		return nil, err
	}
	var list strings.Builder
	for _, user := range []string{"operator", "lab"} {
		token := make([]byte, 16)
		if _, err := rand.Read(token); err != nil {
			return nil, err
		}
		files.Tokens[user] = hex.EncodeToString(token)
		fmt.Fprintf(&list, "%s,%s,%s,\"system:masters\"\n", files.Tokens[user], user, user)
	}
	for name, content := range map[string][]byte{
		caFile:           authority.PEM(),
		files.CertFile:   files.Certificate,
		files.KeyFile:    files.Key,
		files.AccountKey: []byte(accountKey),
		files.TokenFile:  []byte(list.String()),
	} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return nil, err
		}
	}
	return files, nil
}
