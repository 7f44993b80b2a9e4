package codertest_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// A primary listens at the given address with the given certificate.
func TestPrimaryWithACertificate(t *testing.T) {
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Issue("127.0.0.1", "coder.example.com")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2021, 8, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	primary, err := codertest.NewPrimary(codertest.Options{Certificate: &certificate, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer primary.Close()
	if primary.CA() != nil {
		t.Error("it has an authority of its own")
	}
	client := trusting(t, authority.PEM())
	if got, err := send(client, http.MethodGet, primary.URL()+"/api", "", nil); err != nil || got.header.Get("Coder-Version") != "1.21.3" {
		t.Errorf("%+v, %v", got, err)
	}
	if user := primary.AddUser("x@example.com"); !user.CreatedAt.Equal(now) || user.CreatedAt.Location() != time.UTC {
		t.Errorf("the user was created at %v, not by the primary's clock", user.CreatedAt)
	}

	taken := strings.TrimPrefix(primary.URL(), "https://")
	if second, err := codertest.NewPrimary(codertest.Options{Addr: taken}); err == nil {
		second.Close()
		t.Error("two primaries listen on one address")
	} else if !strings.Contains(err.Error(), "cannot listen") {
		t.Errorf("the error is %v", err)
	}
}

// A certificate is valid for its names, and for no others.
func TestAuthority(t *testing.T) {
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Issue("satellite.example.com", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for name, good := range map[string]bool{"satellite.example.com": true, "127.0.0.1": true, "other.example.com": false, "127.0.0.2": false} {
		if err := verify(certificate, authority, name); (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(certificate, other, "127.0.0.1"); err == nil {
		t.Error("another authority's certificate is trusted")
	}
	if _, err := authority.Issue(); err == nil {
		t.Error("a certificate without a name")
	}
}

// verify verifies the certificate as a client does.
func verify(certificate tls.Certificate, authority *codertest.Authority, name string) error {
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority.PEM())
	_, err = leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name})
	return err
}
