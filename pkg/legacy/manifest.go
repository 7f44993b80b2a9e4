package legacy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// separator is where Helm splits a manifest (Helm v3, pkg/releaseutil/manifest.go).
var separator = regexp.MustCompile(`(?:^|\s*\n)---\s*`)

// document is one document of a manifest and the text before it: together they are the manifest, byte for byte.
type document struct {
	before, body string
	// object is the body's content, numbers as they are written; nil without content.
	object map[string]any
}

func parseManifest(manifest string) ([]document, error) {
	documents := splitManifest(manifest)
	for i, d := range documents {
		var err error
		if documents[i].object, err = d.parse(); err != nil {
			return nil, err
		}
	}
	return documents, nil
}

// splitManifest splits a manifest exactly where Helm does. A last document without content holds what follows.
func splitManifest(manifest string) []document {
	var documents []document
	from := 0 // where the next body may begin: after its separator
	for _, body := range separator.Split(strings.TrimSpace(manifest), -1) {
		body = strings.TrimSpace(body)
		from += strings.Index(manifest[from:], body)
		documents = append(documents, document{before: manifest[:from], body: body})
		manifest = manifest[from+len(body):]
		from = strings.Index(manifest, "---") + len("---")
	}
	return append(documents, document{before: manifest})
}

func joinManifest(documents []document) string {
	var text strings.Builder
	for _, d := range documents {
		text.WriteString(d.before + d.body)
	}
	return text.String()
}

// parse reads the document's object; nil for a document without content.
func (d document) parse() (map[string]any, error) {
	object, err := parseObject(d.body)
	annotations, _, nested := unstructured.NestedFieldNoCopy(object, "metadata", "annotations")
	if _, ok := annotations.(map[string]any); err != nil || nested != nil || annotations != nil && !ok {
		return nil, fmt.Errorf("%s is not an object in YAML", d.source())
	}
	if kind, _ := object["kind"].(string); object != nil && kind == "" {
		return nil, fmt.Errorf("%s has no kind", d.source())
	}
	return object, nil
}

// parseObject reads an object, numbers as they are written.
func parseObject(body string) (map[string]any, error) {
	text, err := yaml.YAMLToJSON([]byte(body))
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	err = decoder.Decode(&object)
	return object, err
}

// source names the document in errors, by the comment that Helm puts above it.
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

// keeps reports whether Helm's uninstall keeps the object (Helm v3, pkg/action/resource_policy.go).
func keeps(object map[string]any) bool {
	value, _, _ := unstructured.NestedString(object, "metadata", "annotations", annotationPolicy)
	return strings.ToLower(strings.TrimSpace(value)) == policyKeep
}

// declared is an object as a manifest has it.
type declared struct {
	ObjectRef
	content    map[string]any
	chartKeeps bool // whether the chart itself marks the object to be kept
}

// objects returns those of the manifest in order, lists flattened. An object without a namespace gets the given one.
func (c held) objects(namespace string) ([]declared, error) {
	documents, err := c.documents()
	if err != nil {
		return nil, err
	}
	var objects []declared
	for _, d := range documents {
		err := eachObject(d.object, func(u *unstructured.Unstructured) error {
			if u.GetKind() == "" || u.GetName() == "" {
				return errors.New("an object has no kind or no name")
			}
			objects = append(objects, declared{
				ObjectRef: ObjectRef{u.GetAPIVersion(), u.GetKind(), cmp.Or(u.GetNamespace(), namespace), u.GetName()},
				content:   u.Object, chartKeeps: keeps(d.object) && !d.marked(),
			})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.source(), err)
		}
	}
	return objects, nil
}

// eachObject calls f for the object or, if it is a list, for its items and those of nested lists; not at all for nil.
func eachObject(object map[string]any, f func(*unstructured.Unstructured) error) error {
	u := &unstructured.Unstructured{Object: object}
	switch {
	case object == nil:
		return nil
	case !u.IsList() || !strings.HasSuffix(u.GetKind(), "List"):
		return f(u)
	}
	return u.EachListItem(func(item runtime.Object) error {
		return eachObject(item.(*unstructured.Unstructured).Object, f)
	})
}
