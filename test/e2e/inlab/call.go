package inlab

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Call sends a request to the primary's own API as the operator, to change something without the
// plugin.
func (l *Lab) Call(method, path string, body any) error { return l.CallFor(method, path, body, nil) }

// CallFor is Call, and decodes the JSON answer into out unless that is nil.
func (l *Lab) CallFor(method, path string, body, out any) error {
	ca, err := os.ReadFile(l.CAFile)
	if err != nil {
		return err
	}
	token, err := os.ReadFile(l.TokenFiles["manager"])
	if err != nil {
		return err
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, l.PrimaryURL+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	request.Header.Set("Session-Token", strings.TrimSpace(string(token)))
	request.Header.Set("Content-Type", "application/json")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
	}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= 300 {
		said, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, said)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(out)
}
