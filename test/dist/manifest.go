package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"

	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"
)

// renderManifest renders the template as krew-release-bot does, checks the result, and writes it.
// It takes the checksums from the archives in the folder dist instead of downloading them.
func renderManifest(templateFile, manifest, version, dist string) error {
	text, err := os.ReadFile(templateFile)
	if err != nil {
		return err
	}
	rendered, err := render(string(text), version, dist)
	if err != nil {
		return fmt.Errorf("render %s: %w", templateFile, err)
	}
	if err := checkManifest(rendered, version); err != nil {
		return fmt.Errorf("%s gives a manifest that krew's index would not take: %w", templateFile, err)
	}
	if err := os.MkdirAll(filepath.Dir(manifest), 0o755); err != nil {
		return err
	}
	return os.WriteFile(manifest, rendered, 0o644)
}

// render executes a .krew.yaml. Its function addURIAndSha takes the URL of an archive, itself a
// template, and prints the lines uri and sha256 with the indentation of an item of platforms
// (krew-release-bot, pkg/source/template.go).
func render(text, version, dist string) ([]byte, error) {
	release := struct{ TagName string }{version}
	addURIAndSha := func(url, tag string) (string, error) {
		uri, err := execute("uri", url, nil, struct{ TagName string }{tag})
		if err != nil {
			return "", err
		}
		sum, err := checksum(filepath.Join(dist, path.Base(string(uri))))
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("uri: %s\n    sha256: %s", uri, sum), nil
	}
	return execute("manifest", text, template.FuncMap{"addURIAndSha": addURIAndSha}, release)
}

func execute(name, text string, functions template.FuncMap, data any) ([]byte, error) {
	parsed, err := template.New(name).Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// checkManifest refuses errors that krew accepts, but not its index or its search: unknown
// fields, another name, a long description, a missing platform.
func checkManifest(rendered []byte, version string) error {
	var plugin index.Plugin
	if err := yaml.UnmarshalStrict(rendered, &plugin); err != nil {
		return err
	}
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if plugin.Name != pluginName {
		problem("metadata.name is %q, not %q", plugin.Name, pluginName)
	}
	if plugin.Spec.Version != version {
		problem("spec.version is %q, not %q", plugin.Spec.Version, version)
	}
	// `kubectl krew search` truncates it there.
	if short := plugin.Spec.ShortDescription; short == "" || len(short) > 50 || strings.Contains(short, "\n") {
		problem("spec.shortDescription has to be one line of at most 50 characters, not %q", short)
	}
	if got, want := len(plugin.Spec.Platforms), len(allPlatforms()); got != want {
		problem("spec.platforms has %d items, not %d", got, want)
	}
	seen := map[platform]bool{}
	for _, entry := range plugin.Spec.Platforms {
		if entry.Selector == nil {
			problem("%s: no selector", entry.URI)
			continue
		}
		p := platform{os: entry.Selector.MatchLabels["os"], arch: entry.Selector.MatchLabels["arch"]}
		if seen[p] {
			problem("two items are for %s", p)
		}
		seen[p] = true
		if got, want := path.Base(entry.URI), p.archive(version); got != want {
			problem("%s: the archive is %q, not %q", p, got, want)
		}
		if got, want := entry.Bin, p.binary(); got != want {
			problem("%s: bin is %q, not %q", p, got, want)
		}
	}
	return errors.Join(problems...)
}
