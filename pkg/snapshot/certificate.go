package snapshot

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Certificates are those in the TLS Secrets that the satellite's values name: the intended values if the chart was read,
// otherwise the deployed ones.
type Certificates struct {
	DevURLsHost   string    // the wildcard of Dev URLs; empty if there are none
	Host, DevURLs TLSSecret // with the certificates of the access URL and of Dev URLs
}

// TLSSecret is a Secret with a certificate that the satellite serves.
type TLSSecret struct {
	Name        string                  // empty if the values name none
	Missing     bool                    // there is no such Secret
	Certificate Fact[probe.Certificate] // the first one in the Secret's entry tls.crt
}

// certificates reads the certificates in the Secrets that the values name, with one request each for at most two Secrets, in
// parallel. Each Secret may be unknown by itself.
func (src *Source) certificates(ctx context.Context, s *Snapshot) Fact[Certificates] {
	values, err := s.Satellite.Value().Values, s.Satellite.Err()
	if s.Spec.Collected() { // the intended ones
		values, err = s.Spec.Value().Values, s.Spec.Err()
	}
	if err != nil {
		return Unknown[Certificates](err)
	}
	named := satellite.TLSOf(values)
	found := Certificates{DevURLsHost: named.DevURLsHost}
	var group sync.WaitGroup
	group.Go(func() { found.Host = src.tlsSecret(ctx, named.HostSecret) })
	group.Go(func() { found.DevURLs = src.tlsSecret(ctx, named.DevURLsSecret) })
	group.Wait()
	return Known(found)
}

// tlsSecret reads the certificate in a TLS Secret of the satellite's namespace and keeps nothing else of it.
func (src *Source) tlsSecret(ctx context.Context, name string) TLSSecret {
	found := TLSSecret{Name: name}
	if name == "" {
		return found
	}
	found.Certificate = inCluster(src.SatelliteSite, func() (probe.Certificate, error) {
		secret, err := src.SatelliteSite.Clientset().CoreV1().Secrets(src.Region.Satellite.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			found.Missing = apierrors.IsNotFound(err)
			return probe.Certificate{}, err
		}
		certificate, err := probe.ParseCertificate(secret.Data[corev1.TLSCertKey])
		if err != nil {
			return probe.Certificate{}, fmt.Errorf("the entry %s of Secret %s cannot be used: %w", corev1.TLSCertKey, name, err)
		}
		return *certificate, nil
	})
	return found
}
