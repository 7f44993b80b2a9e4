package satellite

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/repo"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// fromRepository loads a chart from an HTTP repository. The operator's own Helm configuration only supplies credentials.
func fromRepository(ref ChartRef, client *http.Client) (*chart.Chart, error) {
	index, err := indexOf(ref.Repo, client)
	if err != nil {
		return nil, fmt.Errorf("the chart repository %s cannot be read: %w", ref.Repo, err)
	}
	if len(index.Entries[ref.Name]) == 0 {
		return nil, fmt.Errorf("the chart repository %s has no chart %q", ref.Repo, ref.Name)
	}
	entry, err := index.Get(ref.Name, ref.Version)
	if err != nil || len(entry.URLs) == 0 {
		var versions []string
		for _, v := range index.Entries[ref.Name] {
			versions = append(versions, v.Version)
		}
		return nil, fmt.Errorf("the chart repository %s has no chart %s %s%s; name one with --chart-version", ref.Repo, ref.Name, ref.Version, listed(versions))
	}
	location, err := repo.ResolveReferenceURL(ref.Repo, entry.URLs[0])
	if err != nil {
		return nil, fmt.Errorf("the chart repository %s has a bad URL for chart %s %s: %w", ref.Repo, ref.Name, ref.Version, err)
	}
	content, err := archiveOf(ref, location, entry, client)
	if err != nil {
		return nil, err
	}
	got, wanted := fmt.Sprintf("%x", sha256.Sum256(content)), strings.ToLower(strings.TrimPrefix(entry.Digest, "sha256:"))
	if wanted != "" && wanted != got { // like Helm, accept an index without digests
		return nil, fmt.Errorf("chart %s %s from %s is not the one that the index of %s lists: its SHA-256 is %s, the index has %s",
			ref.Name, ref.Version, location, ref.Repo, got, wanted)
	}
	loaded, err := loader.LoadArchive(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("chart %s %s from %s cannot be loaded: %w", ref.Name, ref.Version, ref.Repo, err)
	}
	return loaded, nil
}

// archiveOf downloads the archive of an index entry, as well protected on its way as the index.
func archiveOf(ref ChartRef, location string, entry *repo.ChartVersion, client *http.Client) ([]byte, error) {
	if registry.IsOCI(location) {
		return pull(ChartRef{Name: strings.TrimSuffix(location, ":"+tag(entry.Version)), Version: entry.Version}, client)
	}
	if strings.HasPrefix(strings.ToLower(ref.Repo), "https:") && !strings.HasPrefix(strings.ToLower(location), "https:") {
		return nil, fmt.Errorf("the chart repository %s is read over https, but its chart %s %s would come from %s, "+
			"where anybody on the way can change it: have the repository's index corrected, or download the chart and name the file with --chart",
			ref.Repo, ref.Name, ref.Version, location)
	}
	content, err := get(location, client)
	if err != nil {
		return nil, fmt.Errorf("chart %s %s cannot be downloaded: %w", ref.Name, ref.Version, err)
	}
	return content, nil
}

// indexOf downloads and reads a repository's index, through a temporary file, as Helm's code requires.
func indexOf(url string, client *http.Client) (*repo.IndexFile, error) {
	location, err := repo.ResolveReferenceURL(url, "index.yaml")
	if err != nil {
		return nil, err
	}
	content, err := get(location, client)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "coder-satellite-*.yaml")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return repo.LoadIndexFile(file.Name())
}

// listed names a few versions, for the message that one is missing.
func listed(versions []string) string {
	const most = 5
	switch {
	case len(versions) == 0:
		return ""
	case len(versions) > most:
		return fmt.Sprintf(" (it has %s and %d more)", strings.Join(versions[:most], ", "), len(versions)-most)
	default:
		return fmt.Sprintf(" (it has %s)", strings.Join(versions, ", "))
	}
}

// fromRegistry loads a chart from an OCI registry, with the credentials of `helm registry login` or `docker login`.
func fromRegistry(ref ChartRef, client *http.Client) (*chart.Chart, error) {
	archive, err := pull(ref, client)
	if err != nil {
		return nil, err
	}
	return loader.LoadArchive(bytes.NewReader(archive))
}

func pull(ref ChartRef, client *http.Client) ([]byte, error) {
	reference := strings.TrimPrefix(ref.Name, registry.OCIScheme+"://")
	options := []registry.ClientOption{registry.ClientOptHTTPClient(client)}
	if host, err := url.Parse(ref.Name); err == nil && coder.Loopback(host.Hostname()) && speaksPlainHTTP(host.Host, client) {
		options = append(options, registry.ClientOptPlainHTTP())
	}
	images, err := registry.NewClient(options...)
	if err != nil {
		return nil, fmt.Errorf("the registry of %s cannot be used: %w", ref.Name, err)
	}
	pulled, err := images.Pull(reference + ":" + tag(ref.Version))
	if err != nil {
		versions, _ := images.Tags(reference) // for the message only
		return nil, fmt.Errorf("chart %s %s cannot be pulled%s: %w", ref.Name, ref.Version, listed(versions), err)
	}
	return pulled.Chart.Data, nil
}

// speaksPlainHTTP reports whether a registry, on this machine alone, answers TLS with plain HTTP.
func speaksPlainHTTP(host string, client *http.Client) bool {
	_, err := get("https://"+host+"/v2/", client)
	return errors.Is(err, http.ErrSchemeMismatch)
}

// tag returns the tag of a version: tags have no "+".
func tag(version string) string { return strings.ReplaceAll(version, "+", "_") }
