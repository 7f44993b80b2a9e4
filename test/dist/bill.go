package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// bill is a bill of materials: all modules linked into any binary of a release, as recorded in
// the binaries.
type bill struct {
	version string
	source  source
	main    string
	modules map[string]component // by package URL
}

// component has the fields of a CycloneDX component that are used here. Source: CycloneDX 1.6,
// https://cyclonedx.org/docs/1.6/json/.
type component struct {
	Ref        string     `json:"bom-ref"`
	Type       string     `json:"type"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

func newBill(version string, from source) *bill {
	return &bill{version: version, source: from, modules: map[string]component{}}
}

// add adds the modules that are linked into the binary.
func (b *bill) add(binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("read the modules of %s: %w", binary, err)
	}
	b.main = info.Main.Path
	std := component{Type: "library", Name: "std", Version: info.GoVersion, PURL: purl("std", strings.TrimPrefix(info.GoVersion, "go"))}
	b.modules[std.PURL] = std
	for _, module := range info.Deps {
		c := library(module)
		b.modules[c.PURL] = c
	}
	return nil
}

func library(module *debug.Module) component {
	if module.Replace != nil {
		module = module.Replace
	}
	c := component{Type: "library", Name: module.Path, Version: module.Version, PURL: purl(module.Path, module.Version)}
	if module.Sum != "" {
		// The hash in go.sum covers a module's list of files, so it is none of CycloneDX's hash
		// algorithms.
		c.Properties = []property{{Name: "go:sum", Value: module.Sum}}
	}
	return c
}

// purl is a package URL of type golang (https://github.com/package-url/purl-spec).
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}

// write writes the bill in the format CycloneDX 1.6, as JSON. It has no serial number, so that
// the same release gives the same bytes.
func (b *bill) write(name string) error {
	own := component{
		Type: "application", Name: b.main, Version: b.version, PURL: purl(b.main, b.version),
		Properties: []property{{Name: "vcs:commit", Value: b.source.commit}},
	}
	own.Ref = own.PURL
	components := []component{}
	refs := slices.Sorted(maps.Keys(b.modules))
	for _, ref := range refs {
		c := b.modules[ref]
		c.Ref = ref
		components = append(components, c)
	}
	document := map[string]any{
		"$schema":     "http://cyclonedx.org/schema/bom-1.6.schema.json",
		"bomFormat":   "CycloneDX",
		"specVersion": "1.6",
		"version":     1,
		"metadata": map[string]any{
			"timestamp": b.source.time.Format(time.RFC3339),
			"component": own,
		},
		"components":   components,
		"dependencies": []dependency{{Ref: own.Ref, DependsOn: refs}},
	}
	content, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(content, '\n'), 0o644)
}
