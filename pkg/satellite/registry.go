package satellite

import (
	"bytes"
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
	reference := strings.TrimPrefix(ref.Name, registry.OCIScheme+"://")
	options := []registry.ClientOption{registry.ClientOptHTTPClient(client)}
	if host, err := url.Parse(ref.Name); err == nil && isLoopback(host.Hostname()) {
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
	return loader.LoadArchive(bytes.NewReader(pulled.Chart.Data))
}

// tag returns the tag of a version: tags have no "+".
func tag(version string) string { return strings.ReplaceAll(version, "+", "_") }

func isLoopback(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"
}
