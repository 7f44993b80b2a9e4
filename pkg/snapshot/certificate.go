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

// Certificates are those in the TLS Secrets that a satellite's values name: the
// values to come, where the chart was looked at, and otherwise the deployed ones.
type Certificates struct {
	// DevURLsHost is the wildcard below which Dev URLs are served; empty if there are none.
	DevURLsHost string
	// Host has the access URL's certificate, DevURLs the Dev URLs' own.
	Host, DevURLs TLSSecret
}

// TLSSecret is a Secret that a satellite serves a certificate of.
type TLSSecret struct {
	// Name is the Secret's name; empty if the values name none.
	Name string
	// Missing is set when there is no such Secret.
	Missing bool
	// Certificate is the first one in the Secret's entry tls.crt.
	Certificate Fact[probe.Certificate]
}

// certificates reads the certificates in the Secrets that the values name: one
// request for each of at most two Secrets, in parallel. A Secret that cannot be
// read is an unknown of its own.
func (src *Source) certificates(ctx context.Context, s *Snapshot) Fact[Certificates] {
	values, err := s.values()
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

// values returns the values that the satellite is to have, where its chart was
// looked at, and otherwise those that it has.
func (s *Snapshot) values() (map[string]any, error) {
	if s.Spec.Collected() {
		return s.Spec.Value().Values, s.Spec.Err()
	}
	if !s.Satellite.IsKnown() {
		return nil, s.Satellite.Err()
	}
	return s.Satellite.Value().Values, nil
}

// tlsSecret reads the certificate in a TLS Secret of the satellite's namespace.
// Nothing else of the Secret, whose size Kubernetes bounds to 1 MiB, is kept or
// looked at.
func (src *Source) tlsSecret(ctx context.Context, name string) TLSSecret {
	found := TLSSecret{Name: name}
	if name == "" {
		return found
	}
	found.Certificate = inCluster(src.SatelliteSite, func() (probe.Certificate, error) {
		secret, err := src.SatelliteSite.Access.Clientset().CoreV1().Secrets(src.Region.Satellite.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			found.Missing = apierrors.IsNotFound(err)
			return probe.Certificate{}, err
		}
		certificate, err := probe.ParseCertificate(secret.Data[corev1.TLSCertKey])
		if err != nil {
			return probe.Certificate{}, fmt.Errorf("the entry %s of Secret %s is of no use: %w", corev1.TLSCertKey, name, err)
		}
		return *certificate, nil
	})
	return found
}
