package schema_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/test/schema"
)

// Every golden document matches its schema.
func TestGoldenDocuments(t *testing.T) {
	found := 0
	for _, name := range glob(t, "../../pkg/*/testdata/*.json") {
		if strings.Contains(name, "-hostile.") {
			continue // test data for the printer that no verb prints
		}
		found++
		if err := schema.Validate(read(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if found < 8 {
		t.Errorf("only %d golden documents were found", found)
	}
}

// Every Fleet that the plugin accepts or the documentation shows matches the schema.
func TestFleets(t *testing.T) {
	found := 0
	for _, name := range append(glob(t, "../../pkg/*/testdata/valid/*.yaml"), glob(t, "../../test/docs/*.yaml")...) {
		text := read(t, name)
		if !isFleet(text) {
			continue // Helm values
		}
		found++
		if err := validateYAML(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	pages := append(glob(t, "../../*.md"), append(glob(t, "../../docs/*.md"), glob(t, "../../docs/*/*.md")...)...)
	for _, page := range pages {
		for _, block := range yamlBlocks(string(read(t, page))) {
			if !isFleet(block) {
				continue
			}
			found++
			if err := validateYAML(block); err != nil {
				t.Errorf("%s: %v\n%s", page, err, block)
			}
			if _, err := fleet.Decode(page, block); err != nil {
				t.Error(err)
			}
		}
	}
	if found < 6 {
		t.Errorf("only %d Fleets were found", found)
	}
}

// The schema refuses what the plugin refuses, except for errors that no schema can detect:
// relations between regions, the file system, and how YAML is written.
func TestInvalidFleets(t *testing.T) {
	unseen := map[string]bool{
		"duplicates": true, "files": true, "primary-url": true, "unified-primary": true, // between fields, and outside the file
		"bomb-cycle": true, "merge-key": true, "syntax": true, "twice": true, "two-documents": true, // YAML
		"comment-only": true, "empty": true, "list": true, "null": true, "no-kind": true, "wrong-kind": true, // not a Fleet at all
	}
	for _, name := range glob(t, "../../pkg/fleet/testdata/invalid/*.yaml") {
		if unseen[strings.TrimSuffix(filepath.Base(name), ".yaml")] {
			continue
		}
		text := read(t, name)
		if !isFleet(text) {
			t.Errorf("%s is not a Fleet: list it above", name)
		}
		if validateYAML(text) == nil {
			t.Errorf("%s fits the schema", name)
		}
	}
}

// Each document has exactly one error, so that none hides another.
func TestFleetFields(t *testing.T) {
	const head = "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\n"
	region := func(more string) string {
		return "regions: [{name: a, context: a, accessURL: 'https://a.example.com'" + more + "}]\n"
	}
	if err := validateYAML([]byte(head + region(""))); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"unknown field":            head + region("") + "colour: blue\n",
		"unknown field below":      head + region(", zzz: 1"),
		"unknown field of canary":  head + region(", canary: {workspaces: x}"),
		"other version":            "apiVersion: coder-satellite.dev/v1\nkind: Fleet\n" + region(""),
		"no version":               "kind: Fleet\n" + region(""),
		"no regions":               head + "regions: []\n",
		"regions missing":          head,
		"regions a mapping":        head + "regions: {a: b}\n",
		"region a text":            head + "regions: [a]\n",
		"access URL without host":  head + "regions: [{name: a, context: a, accessURL: a.example.com}]\n",
		"access URL with password": head + "regions: [{name: a, context: a, accessURL: 'https://u:p@a.example.com'}]\n",
		"access URL with path":     head + "regions: [{name: a, context: a, accessURL: 'https://a.example.com/x'}]\n",
		"access URL empty":         head + "regions: [{name: a, context: a, accessURL: ''}]\n",
		"name with a slash":        head + "regions: [{name: a/b, context: a, accessURL: 'https://a.example.com'}]\n",
		"namespace":                head + region(", namespace: a.b"),
		"release too long":         head + region(", release: "+strings.Repeat("r", 54)),
		"values a text":            head + region(", values: a.yaml"),
		"values without name":      head + region(", values: ['']"),
		"no port to connect to":    head + region(", connectTo: 203.0.113.7"),
		"canary a list":            head + region(", canary: [a]"),
		"canary with blanks":       head + region(", canary: ' x'"),
		"chart of a version v":     head + region("") + "chart: {version: v1.21.0}\n",
		"chart of a boolean":       head + region("") + "chart: {version: true}\n",
		"chart's repo not a URL":   head + region("") + "chart: {repo: charts.example.com}\n",
		"URL of another scheme":    head + region("") + "coder: {url: 'ftp://coder.example.com'}\n",
		"coder a text":             head + region("") + "coder: https://coder.example.com\n",
		"wave as a list":           head + region("") + "rollout: {waves: [[a]]}\n",
		"two limits":               head + region("") + "rollout: {waves: [{maxParallel: 20%%}]}\n",
		"fewer than none":          head + region("") + "rollout: {maxParallel: -1}\n",
		"half a failure":           head + region("") + "rollout: {maxFailures: 1.5}\n",
		"a count in words":         head + region("") + "rollout: {maxFailures: many}\n",
	} {
		if validateYAML([]byte(text)) == nil {
			t.Errorf("%s: it fits the schema:\n%s", name, text)
		}
	}
}

// Only the documents in the output are checked.
func TestCheck(t *testing.T) {
	const version = `{"kind": "VersionInfo", "apiVersion": "coder-satellite.dev/v1alpha1", "version": "v1", "goVersion": "go1", "platform": "a/b"%s}`
	well, more := strings.ReplaceAll(version, "%s", ""), strings.ReplaceAll(version, "%s", `, "surprise": 1`)
	for output, fits := range map[string]bool{
		"":                           true,
		"REGION  PHASE\n":            true,
		well:                         true,
		well + "\n" + well:           true,
		well[:40]:                    true,
		`{"kind":"List","items":[]}`: true,
		more:                         false,
		well + "\n" + more:           false,
		`{"kind": "VersionInfo", "apiVersion": "coder-satellite.dev/v1alpha1"}`: false,
		`{"kind": "Surprise", "apiVersion": "coder-satellite.dev/v1alpha1"}`:    false,
	} {
		if err := schema.Check(output); (err == nil) != fits {
			t.Errorf("%s: %v", output, err)
		}
	}
}

func validateYAML(text []byte) error {
	document, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	return schema.Validate(document)
}

func isFleet(text []byte) bool {
	return bytes.Contains(text, []byte("coder-satellite.dev/v1alpha1")) && bytes.Contains(text, []byte("kind: Fleet"))
}

// yamlBlocks returns a page's YAML code blocks without their indentation.
func yamlBlocks(page string) [][]byte {
	var blocks [][]byte
	var block *bytes.Buffer
	indent := ""
	for line := range strings.Lines(page) {
		text := strings.TrimLeft(line, " ")
		switch {
		case block == nil && strings.HasPrefix(text, "```yaml"):
			block, indent = &bytes.Buffer{}, strings.TrimSuffix(line, text)
		case block != nil && strings.HasPrefix(text, "```"):
			blocks, block = append(blocks, block.Bytes()), nil
		case block != nil:
			block.WriteString(strings.TrimPrefix(line, indent))
		}
	}
	return blocks
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
