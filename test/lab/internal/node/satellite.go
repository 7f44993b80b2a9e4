package node

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// satelliteEnv is the environment variable with the satellite's key in Coder's chart. No other
// pod has it.
const satelliteEnv = "CODER_SATELLITE_PRIVATE_KEY"

// Variables in which the chart names the certificates to serve, and their keys: paths, joined by
// ":" if Dev URLs have their own certificate.
const (
	certificateEnv = "SSL_SERVER_CERT_FILE"
	keyEnv         = "SSL_SERVER_KEY_FILE"
)

// runsSatellite reports whether a container's command starts a satellite. Coder's charts use
// "coderd replica" alone, after "/entrypoint.sh", or at the end of a bash script.
func runsSatellite(container corev1.Container) bool {
	words := strings.Fields(strings.Join(slices.Concat(container.Command, container.Args), " "))
	return len(words) >= 2 && slices.Equal(words[len(words)-2:], []string{"coderd", "replica"})
}

// meantAsSatellite reports whether the container has the variable that only a satellite gets.
func meantAsSatellite(container corev1.Container) bool {
	return slices.ContainsFunc(container.Env, func(variable corev1.EnvVar) bool { return variable.Name == satelliteEnv })
}

// launchSatellite runs the emulator of a satellite in this process.
func (a *Agent) launchSatellite(container corev1.Container, env environment) (*workload, error) {
	roots := x509.NewCertPool()
	ca, err := os.ReadFile(a.options.CA)
	if err != nil {
		return nil, err
	}
	roots.AppendCertsFromPEM(ca)
	satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{
		PrimaryURL: env.values["CODER_PRIMARY_ACCESS_URL"],
		AccessURL:  env.values["CODER_SATELLITE_ACCESS_URL"],
		PrivateKey: env.values[satelliteEnv],
		RootCAs:    roots,
		Network:    a.options.Network,
	})
	if err != nil {
		return nil, err
	}
	certificates, err := env.certificates()
	if err != nil {
		return nil, err
	}
	w, err := a.start(satellite, "/cem-healthz", container.ReadinessProbe, certificates)
	if err != nil {
		return nil, err
	}
	stop := w.stop
	w.stop = func() {
		stop()
		satellite.Close()
	}
	return w, nil
}

// certificates returns the certificates that the environment names, in that order. All of them
// are served, and the client's server name selects one.
func (e environment) certificates() ([]tls.Certificate, error) {
	certificates, keys := e.values[certificateEnv], e.values[keyEnv]
	if certificates == "" || keys == "" {
		return nil, errors.New("no certificate to serve: set coderd.tls.hostSecretName")
	}
	certificateFiles, keyFiles := strings.Split(certificates, ":"), strings.Split(keys, ":")
	if len(certificateFiles) != len(keyFiles) {
		return nil, fmt.Errorf("%s names %d files and %s names %d", certificateEnv, len(certificateFiles), keyEnv, len(keyFiles))
	}
	pairs := make([]tls.Certificate, len(certificateFiles))
	for i, file := range certificateFiles {
		certificate, ok := e.files[file]
		key, keyOK := e.files[keyFiles[i]]
		if !ok || !keyOK {
			return nil, fmt.Errorf("no certificate to serve: %s and %s are not both mounted", file, keyFiles[i])
		}
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("the certificate %s cannot be served: %w", file, err)
		}
		pairs[i] = pair
	}
	return pairs, nil
}
