package satellite

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/helmpath"
	"helm.sh/helm/v3/pkg/repo"
)

// configured returns what `helm repo add` stored for the repository of that URL: its
// credentials and certificates; an empty entry if it stored none.
func configured(repository string) (*repo.Entry, error) {
	none := &repo.Entry{URL: repository}
	if repository == "" {
		return none, nil
	}
	list := cmp.Or(os.Getenv("HELM_REPOSITORY_CONFIG"), helmpath.ConfigPath("repositories.yaml")) // as Helm does
	known, err := repo.LoadFile(list)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return none, nil
	case err != nil:
		return nil, fmt.Errorf("Helm's list of repositories cannot be read: %w", err)
	}
	for _, entry := range known.Repositories {
		if strings.TrimRight(entry.URL, "/") == strings.TrimRight(repository, "/") {
			return entry, nil
		}
	}
	return none, nil
}

// certificatesOf returns the TLS settings of a repository. Its certificate is always
// verified, even if Helm is told otherwise.
func certificatesOf(entry *repo.Entry) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if entry.CertFile != "" || entry.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(entry.CertFile, entry.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("the client certificate that Helm has for the repository %s cannot be read: %w", entry.Name, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if entry.CAFile != "" {
		pem, err := os.ReadFile(entry.CAFile)
		if err != nil {
			return nil, fmt.Errorf("the certificate authorities that Helm has for the repository %s cannot be read: %w", entry.Name, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s, which Helm has for the repository %s, holds no certificate in PEM", entry.CAFile, entry.Name)
		}
	}
	return config, nil
}

// authenticated sends a repository's credentials to the repository's own host, and to others
// only if they were stored with --pass-credentials; over TLS alone.
type authenticated struct {
	entry *repo.Entry
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (a *authenticated) RoundTrip(request *http.Request) (*http.Response, error) {
	home, err := url.Parse(a.entry.URL)
	own := err == nil && home.Host == request.URL.Host || a.entry.PassCredentialsAll
	if a.entry.Username != "" && own && request.URL.Scheme == "https" && request.Header.Get("Authorization") == "" {
		request = request.Clone(request.Context())
		request.SetBasicAuth(a.entry.Username, a.entry.Password)
	}
	return a.next.RoundTrip(request)
}
