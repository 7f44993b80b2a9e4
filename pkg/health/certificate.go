package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

const soon = 30 * 24 * time.Hour

// certificateValid judges the certificate that is served, and the one in the Secret.
func certificateValid(s *snapshot.Snapshot) Answer {
	secret := s.Certificates.Value().Host
	held, heldKnown := secret.Certificate.Get()
	endpoint, known := s.Endpoint.Get()
	served := endpoint.Certificate
	inSecret, atURL := "the certificate in Secret "+secret.Name, "the certificate that "+s.Region.Satellite.AccessURL+" serves"
	switch {
	case heldKnown && outdated(&held, s.Taken) != "":
		return fail(renewing(s, secret.Name), "%s %s", inSecret, outdated(&held, s.Taken))
	case s.Region.Satellite.AccessURL == "":
		return skip("no access URL was named; give --access-url or a Fleet file")
	case !known:
		return unknown(s.Endpoint.Err(), "")
	case served != nil && outdated(served, s.Taken) != "" && heldKnown:
		return warn(shell.Kubectl(s.Region.Satellite.Context, "--namespace", s.Region.Satellite.Namespace, "rollout", "restart", "deployment", "coderd"),
			"%s %s, but the one in Secret %s is valid until %s", atURL, outdated(served, s.Taken), secret.Name, day(held.NotAfter))
	case served != nil && outdated(served, s.Taken) != "":
		return fail(renewing(s, secret.Name), "%s %s", atURL, outdated(served, s.Taken))
	case heldKnown && ends(&held, s.Taken):
		return warn(renewing(s, secret.Name), "%s expires on %s", inSecret, day(held.NotAfter))
	case served != nil && ends(served, s.Taken):
		return warn(renewing(s, secret.Name), "%s expires on %s", atURL, day(served.NotAfter))
	case served != nil:
		return pass("%s is valid until %s", atURL, day(served.NotAfter))
	case heldKnown:
		return pass("%s is valid until %s", inSecret, day(held.NotAfter))
	}
	return skip("%s serves no certificate", s.Region.Satellite.AccessURL)
}

func certificateNames(s *snapshot.Snapshot, found snapshot.Certificates) Answer {
	if found.Host.Name == "" {
		return pass("the values name no TLS Secret")
	}
	held, answer := certificateIn(s, found.Host)
	if answer != nil {
		return *answer
	}
	var missing []string
	for _, url := range []string{s.Region.Satellite.AccessURL, s.Region.Satellite.UnifiedURL} {
		if host := fleet.Host(url); host != "" && !held.For(host) {
			missing = append(missing, host)
		}
	}
	if len(missing) > 0 {
		return fail(renewing(s, found.Host.Name), "the certificate in Secret %s is for %s, not for %s", found.Host.Name, &held, strings.Join(missing, " and "))
	}
	return pass("the certificate in Secret %s is for %s", found.Host.Name, &held)
}

// certificateIn returns the certificate in the Secret, or the answer without one.
func certificateIn(s *snapshot.Snapshot, secret snapshot.TLSSecret) (probe.Certificate, *Answer) {
	held, known := secret.Certificate.Get()
	switch {
	case known:
		return held, nil
	case slices.Contains(s.MissingSecrets.Value(), secret.Name): // which values-secrets reports
		return held, new(skip("Secret %s does not exist", secret.Name))
	case secret.Missing:
		return held, new(fail(renewing(s, secret.Name), "Secret %s, which the values name, does not exist: pods that start anew would not "+
			"become ready", secret.Name))
	}
	return held, new(unknown(secret.Certificate.Err(), "see whether you may read the Secret: "+
		shell.Kubectl(s.Region.Satellite.Context, "auth", "can-i", "get", "secret/"+secret.Name, "--namespace", s.Region.Satellite.Namespace)))
}

func outdated(c *probe.Certificate, at time.Time) string {
	switch {
	case at.After(c.NotAfter):
		return "expired on " + day(c.NotAfter)
	case at.Before(c.NotBefore):
		return "is not valid before " + c.NotBefore.UTC().Format(time.DateTime) + " UTC"
	}
	return ""
}

func ends(c *probe.Certificate, at time.Time) bool { return c.NotAfter.Sub(at) < soon }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// renewing says how to renew the certificate in the Secret or, without one, in whatever is in front of the satellite.
func renewing(s *snapshot.Snapshot, secret string) string {
	if secret == "" {
		return "renew the certificate of what terminates TLS at " + s.Region.Satellite.AccessURL
	}
	create := shell.Kubectl(s.Region.Satellite.Context, "--namespace", s.Region.Satellite.Namespace, "create", "secret", "tls", secret,
		"--cert", "tls.crt", "--key", "tls.key", "--dry-run=client", "--output=yaml")
	return fmt.Sprintf("issue a certificate for the names, then: %s | %s", create, shell.Kubectl(s.Region.Satellite.Context, "apply", "--filename", "-"))
}

func devURLs(s *snapshot.Snapshot, found snapshot.Certificates) Answer {
	host := found.DevURLsHost
	if host == "" {
		return pass("the values name no host of Dev URLs")
	}
	if answer := devURLsCertificate(s, found); answer != nil {
		return *answer
	}
	provider, known := s.Provider.Get()
	switch {
	case !known:
		return unknown(s.Provider.Err(), "")
	case !strings.EqualFold(strings.TrimSpace(provider.DevurlHost), host):
		return fail(fmt.Sprintf("set %s as the Dev URL host of provider %q, on its page in Coder's dashboard; or correct "+
			"coderd.devurlsHost in the values", host, provider.Name),
			"the values say coderd.devurlsHost: %s, but the Dev URL host of provider %q is %q", host, provider.Name, provider.DevurlHost)
	}
	return pass("there is a certificate for %s, and provider %q uses it", host, provider.Name)
}

// devURLsCertificate returns nil if the certificate of Dev URLs, by default the access URL's, has the wildcard.
func devURLsCertificate(s *snapshot.Snapshot, found snapshot.Certificates) *Answer {
	host, secret := found.DevURLsHost, found.DevURLs
	if secret.Name == "" && found.Host.Certificate.IsKnown() {
		secret = found.Host
	}
	if secret.Name != "" {
		held, answer := certificateIn(s, secret)
		if answer == nil && !held.For(host) {
			return new(fail(renewing(s, secret.Name), "the certificate in Secret %s is for %s, not for Dev URLs below %s", secret.Name, &held, host))
		}
		return answer
	}
	endpoint, known := s.Endpoint.Get()
	served := endpoint.Certificate
	switch {
	case !known:
		return new(unknown(s.Endpoint.Err(), ""))
	case served == nil:
		return new(skip("it is not known which certificate Dev URLs below %s are served with, before %s serves one", host, s.Region.Satellite.AccessURL))
	case served.For(host):
		return nil
	}
	return new(fail("add the wildcard to that certificate, or name a Secret with a certificate for it as coderd.tls.devurlsHostSecretName",
		"%s serves a certificate for %s, not for Dev URLs below %s", s.Region.Satellite.AccessURL, served, host))
}
