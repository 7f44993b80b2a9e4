package health_test

import (
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

const wildcard = "*.coder-sydney.example.com"

// certified is a certificate for the names that is valid until that time.
func certified(until time.Time, names ...string) *probe.Certificate {
	return &probe.Certificate{DNSNames: names, NotBefore: until.AddDate(0, -9, 0), NotAfter: until}
}

// held is a TLS Secret that contains the certificate.
func held(name string, certificate *probe.Certificate) snapshot.TLSSecret {
	return snapshot.TLSSecret{Name: name, Certificate: snapshot.Known(*certificate)}
}

// unread is a Secret that could not be read.
func unread(name string) snapshot.TLSSecret {
	return snapshot.TLSSecret{Name: name, Certificate: snapshot.Unknown[probe.Certificate](errLost)}
}

// inSecret replaces the region's TLS Secret.
func inSecret(secret snapshot.TLSSecret) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { edit(&s.Certificates, func(c *snapshot.Certificates) { c.Host = secret }) }
}

// showing is an access URL that serves the certificate.
func showing(certificate *probe.Certificate) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		edit(&s.Endpoint, func(e *snapshot.Endpoint) { e.Certificate, e.UnifiedCertificate = certificate, certificate })
	}
}

func TestCertificateValid(t *testing.T) {
	const host, name = "coder-sydney.example.com", "coder-satellite-tls"
	taken := healthy().Taken
	in := func(days int) *probe.Certificate { return certified(taken.AddDate(0, 0, days), host) }
	old, ending, fresh := in(-1), in(29), in(31)
	early := &probe.Certificate{DNSNames: []string{host}, NotBefore: taken.Add(time.Hour), NotAfter: taken.AddDate(1, 0, 0)}
	none := inSecret(snapshot.TLSSecret{})
	noURL := func(s *snapshot.Snapshot) { s.Region.Satellite.AccessURL = "" }
	create := "kubectl --context sydney --namespace coder-satellite create secret tls coder-satellite-tls"
	answers(t, map[string]row{
		"valid": {"certificate-valid", as, v1alpha1.CheckPass, accessURL + " serves is valid until 2022-06-04", ""},
		"for 31 days": {"certificate-valid", both(showing(fresh), inSecret(held(name, fresh))), v1alpha1.CheckPass,
			"2022-04-04", ""},
		"for 30 days": {"certificate-valid", both(showing(in(30)), none), v1alpha1.CheckPass, "2022-04-03", ""},
		"29 days left": {"certificate-valid", both(showing(ending), none), v1alpha1.CheckWarn,
			"serves expires on 2022-04-02", "what terminates TLS at " + accessURL},
		"29 days left in Secret": {"certificate-valid", inSecret(held(name, ending)), v1alpha1.CheckWarn,
			"in Secret coder-satellite-tls expires on 2022-04-02", create},
		"expired": {"certificate-valid", both(showing(old), none), v1alpha1.CheckFail, "serves expired on 2022-03-03", "renew"},
		"expired in Secret": {"certificate-valid", inSecret(held(name, old)), v1alpha1.CheckFail,
			"in Secret coder-satellite-tls expired on 2022-03-03", create},
		"expired in both": {"certificate-valid", both(showing(old), inSecret(held(name, old))), v1alpha1.CheckFail,
			"in Secret coder-satellite-tls expired", create},
		"expired, Secret unread": {"certificate-valid", both(showing(old), inSecret(unread(name))), v1alpha1.CheckFail,
			"serves expired", create},
		"renewed, not yet served": {"certificate-valid", showing(old), v1alpha1.CheckWarn,
			"but the one in Secret coder-satellite-tls is valid until 2022-06-04", "rollout restart deployment coderd"},
		"not valid yet": {"certificate-valid", inSecret(held(name, early)), v1alpha1.CheckFail,
			"is not valid before 2022-03-04 06:06:07 UTC", create},
		"nothing served yet":        {"certificate-valid", showing(nil), v1alpha1.CheckPass, "in Secret coder-satellite-tls is valid until", ""},
		"nothing served, no Secret": {"certificate-valid", both(showing(nil), none), v1alpha1.CheckSkipped, "serves no certificate", ""},
		"no access URL": {"certificate-valid", both(noURL, func(s *snapshot.Snapshot) { lose(&s.Endpoint) }), v1alpha1.CheckSkipped,
			"no access URL", ""},
		"not known": {"certificate-valid", func(s *snapshot.Snapshot) { lose(&s.Endpoint) }, v1alpha1.CheckUnknown,
			errLost.Error(), ""},
		"expired, and not known": {"certificate-valid", both(inSecret(held(name, old)), func(s *snapshot.Snapshot) { lose(&s.Endpoint) }),
			v1alpha1.CheckFail,
			"expired", create},
	})
}

func TestCertificateNames(t *testing.T) {
	const name = "coder-satellite-tls"
	until := healthy().Taken.AddDate(0, 3, 0)
	none := inSecret(snapshot.TLSSecret{})
	shared := func(s *snapshot.Snapshot) { s.Region.Satellite.UnifiedURL = unifiedURL }
	gone := snapshot.TLSSecret{Name: name, Missing: true, Certificate: snapshot.Unknown[probe.Certificate](errLost)}
	noted := func(s *snapshot.Snapshot) { s.MissingSecrets = snapshot.Known([]string{name}) }
	answers(t, map[string]row{
		"its name": {"certificate-names", as, v1alpha1.CheckPass, "is for coder-sydney.example.com", ""},
		"by a wildcard": {"certificate-names", both(shared, inSecret(held(name, certified(until, "*.example.com")))), v1alpha1.CheckPass,
			"is for *.example.com", ""},
		"another name": {"certificate-names", inSecret(held(name, certified(until, "x.example.com"))), v1alpha1.CheckWarn,
			"is for x.example.com, not for coder-sydney.example.com", "create secret tls " + name},
		"not the unified one": {"certificate-names", shared, v1alpha1.CheckWarn,
			"is for coder-sydney.example.com, not for coder-global.example.com", "create secret tls " + name},
		"neither": {"certificate-names", both(shared, inSecret(held(name, certified(until)))), v1alpha1.CheckWarn,
			"is for no name, not for coder-sydney.example.com and coder-global.example.com", "--dry-run=client"},
		"both": {"certificate-names", both(shared, inSecret(held(name, certified(until, "coder-sydney.example.com", unifiedHost)))),
			v1alpha1.CheckPass, "is for", ""},
		"no Secret": {"certificate-names", none, v1alpha1.CheckPass, "name no TLS Secret", ""},
		"forbidden": {"certificate-names", inSecret(unread(name)), v1alpha1.CheckUnknown,
			errLost.Error(), "auth can-i get secret/" + name + " --namespace coder-satellite"},
		"gone": {"certificate-names", inSecret(gone), v1alpha1.CheckWarn,
			"Secret coder-satellite-tls, which the values name, does not exist", "create secret tls"},
		"gone, as noted": {"certificate-names", both(inSecret(gone), noted), v1alpha1.CheckSkipped, "does not exist", ""},
		"not known": {"certificate-names", func(s *snapshot.Snapshot) { lose(&s.Certificates) }, v1alpha1.CheckUnknown,
			errLost.Error(), ""},
	})
}

// A Secret that the operator may not read is only a warning.
func TestForbiddenSecretIsAWarning(t *testing.T) {
	s := healthy()
	edit(&s.Certificates, func(c *snapshot.Certificates) {
		*c = snapshot.Certificates{DevURLsHost: wildcard, Host: unread("a"), DevURLs: unread("b")}
	})
	for _, result := range health.Evaluate(health.All(), s) {
		if result.Failed() {
			t.Errorf("%s is %s: %s", result.ID, result.State, result.Message)
		}
	}
}

func TestDevURLs(t *testing.T) {
	until := healthy().Taken.AddDate(0, 3, 0)
	covers, other := certified(until, "coder-sydney.example.com", wildcard), certified(until, "coder-sydney.example.com")
	values := func(own, host snapshot.TLSSecret) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			s.Certificates = snapshot.Known(snapshot.Certificates{DevURLsHost: wildcard, DevURLs: own, Host: host})
		}
	}
	provided := func(host string) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { edit(&s.Provider, func(p *coder.Provider) { p.DevurlHost = host }) }
	}
	no := snapshot.TLSSecret{}
	same, noProvider := provided("*.Coder-Sydney.example.com"), func(s *snapshot.Snapshot) { lose(&s.Provider) }
	answers(t, map[string]row{
		"none": {"devurl-certificate", as, v1alpha1.CheckPass, "name no host of Dev URLs", ""},
		"a Secret of their own": {"devurl-certificate", both(same, values(held("devurls", covers), held("host", other))), v1alpha1.CheckPass,
			`provider "sydney" uses it`, ""},
		"without the wildcard": {"devurl-certificate", both(same, values(held("devurls", other), held("host", covers))), v1alpha1.CheckWarn,
			"in Secret devurls is for coder-sydney.example.com, not for Dev URLs below " + wildcard, "create secret tls devurls"},
		"in the access URL's": {"devurl-certificate", both(same, values(no, held("host", covers))), v1alpha1.CheckPass, wildcard, ""},
		"not in the access URL's": {"devurl-certificate", both(same, values(no, held("host", other))), v1alpha1.CheckWarn,
			"in Secret host is for coder-sydney.example.com", "create secret tls host"},
		"served": {"devurl-certificate", both(both(same, values(no, no)), showing(covers)), v1alpha1.CheckPass, wildcard, ""},
		"served without": {"devurl-certificate", both(same, values(no, no)), v1alpha1.CheckWarn,
			accessURL + " serves a certificate for coder-sydney.example.com, not for Dev URLs", "coderd.tls.devurlsHostSecretName"},
		"served by an Ingress": {"devurl-certificate", both(both(same, values(no, unread("host"))), showing(covers)), v1alpha1.CheckPass,
			wildcard, ""},
		"nothing served": {"devurl-certificate", both(both(same, values(no, no)), showing(nil)), v1alpha1.CheckSkipped,
			"not known which certificate", ""},
		"served, not known": {"devurl-certificate", both(values(no, no), func(s *snapshot.Snapshot) { lose(&s.Endpoint) }), v1alpha1.CheckUnknown,
			errLost.Error(), ""},
		"forbidden": {"devurl-certificate", both(same, values(unread("devurls"), no)), v1alpha1.CheckUnknown,
			errLost.Error(), "auth can-i"},
		"another at the provider": {"devurl-certificate", both(provided("*.old.example.com"), values(no, held("host", covers))),
			v1alpha1.CheckWarn,
			`the Dev URL host of provider "sydney" is "*.old.example.com"`, "set " + wildcard + " as the Dev URL host"},
		"none at the provider": {"devurl-certificate", values(no, held("host", covers)), v1alpha1.CheckWarn,
			`is ""`, "or correct coderd.devurlsHost"},
		"the provider is not known": {"devurl-certificate", both(noProvider, values(no, held("host", covers))), v1alpha1.CheckUnknown,
			errLost.Error(), ""},
		"not known": {"devurl-certificate", func(s *snapshot.Snapshot) { lose(&s.Certificates) }, v1alpha1.CheckUnknown,
			errLost.Error(), ""},
	})
}

// Text from a certificate cannot control the terminal.
func TestCertificatesArePrintable(t *testing.T) {
	s := healthy()
	inSecret(held("host", certified(s.Taken.AddDate(1, 0, 0), "x\x1b[2J\n.example.com")))(s)
	s.Satellite = snapshot.Known(satellite.State{Installed: true})
	s.Provider = snapshot.Known(coder.Provider{EnableNetV2: ptr.To(true)})
	if got := answer(t, "certificate-names", s); strings.ContainsAny(got.Message, "\x1b\n") {
		t.Errorf("%q", got.Message)
	}
}
