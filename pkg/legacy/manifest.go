package legacy

import (
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// separator is where Helm splits a manifest (Helm v3, pkg/releaseutil/manifest.go).
var separator = regexp.MustCompile(`(?:^|\s*\n)---\s*`)

// document is one document of a manifest, with the text around it, so that
// all documents put together are the manifest again, byte for byte.
type document struct {
	before, body, after string
}

// splitManifest splits a manifest exactly where Helm does.
func splitManifest(manifest string) []document {
	trimmed := strings.TrimSpace(manifest)
	lead, tail, _ := strings.Cut(manifest, trimmed)
	var documents []document
	add := func(before, text string) {
		body := strings.TrimSpace(text)
		space, after, _ := strings.Cut(text, body)
		documents = append(documents, document{before: before + space, body: body, after: after})
	}
	at, before := 0, lead
	for _, place := range separator.FindAllStringIndex(trimmed, -1) {
		add(before, trimmed[at:place[0]])
		before, at = trimmed[place[0]:place[1]], place[1]
	}
	add(before, trimmed[at:])
	documents[len(documents)-1].after += tail
	return documents
}

func joinManifest(documents []document) string {
	var text strings.Builder
	for _, d := range documents {
		text.WriteString(d.before + d.body + d.after)
	}
	return text.String()
}

// head is what is read of an object in a manifest.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name        string         `json:"name"`
		Namespace   string         `json:"namespace"`
		Annotations map[string]any `json:"annotations"`
	} `json:"metadata"`
	Items []head `json:"items"`
}

// head reads the document's object. It is nil for a document without content.
func (d document) head() (*head, error) {
	var h *head
	if err := yaml.Unmarshal([]byte(d.body), &h); err != nil {
		return nil, fmt.Errorf("%s is not an object in YAML", d.source())
	}
	if h != nil && h.Kind == "" {
		return nil, fmt.Errorf("%s has no kind", d.source())
	}
	return h, nil
}

// source names the document in errors by the comment that Helm puts above it.
func (d document) source() string {
	for line := range strings.Lines(d.body) {
		if name, ok := strings.CutPrefix(line, "# Source: "); ok {
			return "the document of " + strings.TrimSpace(name)
		}
		if !strings.HasPrefix(line, "#") {
			break
		}
	}
	return "a document of the manifest"
}

// kept reports whether Helm's uninstall keeps the object (Helm v3, pkg/action/resource_policy.go).
func (h *head) kept() bool {
	value, _ := h.Metadata.Annotations[annotationPolicy].(string)
	return strings.ToLower(strings.TrimSpace(value)) == policyKeep
}

// isList reports whether the object is a list of objects, as kind List.
func (h *head) isList() bool { return strings.HasSuffix(h.Kind, "List") && h.Items != nil }

// manifestObjects returns the objects of a manifest in their order, those of
// lists one by one. An object without a namespace gets the given one.
func manifestObjects(manifest, namespace string) ([]ObjectRef, error) {
	var objects []ObjectRef
	var add func(h *head) bool
	add = func(h *head) bool {
		if h.isList() {
			for i := range h.Items {
				if !add(&h.Items[i]) {
					return false
				}
			}
			return true
		}
		ref := ObjectRef{APIVersion: h.APIVersion, Kind: h.Kind, Namespace: h.Metadata.Namespace, Name: h.Metadata.Name}
		if ref.Namespace == "" {
			ref.Namespace = namespace
		}
		objects = append(objects, ref)
		return ref.Kind != "" && ref.Name != ""
	}
	for _, d := range splitManifest(manifest) {
		h, err := d.head()
		if err != nil {
			return nil, err
		}
		if h != nil && !add(h) {
			return nil, fmt.Errorf("%s has no kind or no name", d.source())
		}
	}
	return objects, nil
}
