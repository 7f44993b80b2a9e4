package satellite

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/registry"
)

// fromRegistry loads a chart from an OCI registry, with the credentials that
// `helm registry login` or `docker login` left.
func fromRegistry(ref ChartRef, client *http.Client) (*chart.Chart, error) {
	archive, err := pull(ref, client)
	if err != nil {
		return nil, err
	}
	return loader.LoadArchive(bytes.NewReader(archive))
}

// pull downloads a chart's archive from an OCI registry.
func pull(ref ChartRef, client *http.Client) ([]byte, error) {
	reference := strings.TrimPrefix(ref.Name, registry.OCIScheme+"://")
	options := []registry.ClientOption{registry.ClientOptHTTPClient(client)}
	if host, err := url.Parse(ref.Name); err == nil && isLoopback(host.Hostname()) && speaksPlainHTTP(host.Host, client) {
		options = append(options, registry.ClientOptPlainHTTP())
	}
	images, err := registry.NewClient(options...)
	if err != nil {
		return nil, fmt.Errorf("the registry of %s cannot be used: %w", ref.Name, err)
	}
	pulled, err := images.Pull(reference + ":" + tag(ref.Version))
	if err != nil {
		versions, _ := images.Tags(reference) // a help in the message, no more
		return nil, fmt.Errorf("chart %s %s cannot be pulled%s: %w", ref.Name, ref.Version, listed(versions), err)
	}
	return pulled.Chart.Data, nil
}

// speaksPlainHTTP reports whether a registry answers TLS with plain HTTP. Only
// one on this machine is asked: any other must have TLS.
func speaksPlainHTTP(host string, client *http.Client) bool {
	_, err := clientGetter{client: client}.Get("https://" + host + "/v2/")
	return errors.Is(err, http.ErrSchemeMismatch)
}

// tag returns the tag of a version: tags have no "+".
func tag(version string) string { return strings.ReplaceAll(version, "+", "_") }

func isLoopback(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"
}
