package health

import (
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func devURLs(s *snapshot.Snapshot, found snapshot.Certificates) Answer {
	provider, providerKnown := s.Provider.Get()
	host := found.DevURLsHost
	if host == "" {
		return pass("the values name no host of Dev URLs")
	}
	if answer := devURLsCertificate(s, found); answer != nil {
		return *answer
	}
	switch {
	case !providerKnown:
		return unknown(s.Provider.Err(), "")
	case !strings.EqualFold(strings.TrimSpace(provider.DevurlHost), host):
		return fail(fmt.Sprintf("set %s as the Dev URL host of provider %q, on its page in Coder's dashboard; or correct "+
			"coderd.devurlsHost in the values", host, provider.Name),
			"the values say coderd.devurlsHost: %s, but the Dev URL host of provider %q is %q", host, provider.Name, provider.DevurlHost)
	default:
		return pass("there is a certificate for %s, and provider %q uses it", host, provider.Name)
	}
}

// devURLsCertificate looks for the wildcard in the certificate that Dev URLs are
// served with: that of their own Secret or, without one, the access URL's. It
// returns nil if it is there.
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
	switch served := endpoint.Certificate; {
	case !known:
		return new(unknown(s.Endpoint.Err(), ""))
	case served == nil:
		return new(skip("it is not known which certificate Dev URLs below %s are served with, before %s serves one", host, s.Region.Satellite.AccessURL))
	case served.For(host):
		return nil
	default:
		return new(fail("add the wildcard to that certificate, or name a Secret with a certificate for it as coderd.tls.devurlsHostSecretName",
			"%s serves a certificate for %s, not for Dev URLs below %s", s.Region.Satellite.AccessURL, served, host))
	}
}
