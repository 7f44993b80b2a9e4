package legacy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

// mark is a comment on documents whose policy is ours. It survives what Helm
// does with a manifest (a rollback stores an old one again), and never reaches
// live objects; without it nobody could tell our policy from the chart's.
const mark = "# kept by kubectl coder-satellite"

// marked reports whether the document's policy is ours.
func (d document) marked() bool {
	return slices.Contains(strings.Split(d.body, "\n"), mark)
}

// withMark puts the mark on top of the text, but below the comment that names
// the template.
func withMark(source, text string) string {
	first, rest, found := strings.Cut(text, "\n")
	if found && strings.HasPrefix(first, "# Source: ") {
		return first + "\n" + mark + "\n" + rest
	}
	if first, _, _ := strings.Cut(source, "\n"); strings.HasPrefix(first, "# Source: ") {
		return first + "\n" + mark + "\n" + text
	}
	return mark + "\n" + text
}

// AnnotateManifest returns the manifest with helm.sh/resource-policy=keep on
// every object. An object that has it is left as it is, byte for byte; in the
// others comments and the order of keys stay. Annotating twice changes nothing
// more. The error names the document that is not an object.
func AnnotateManifest(manifest string) (string, error) {
	documents := splitManifest(manifest)
	for i, d := range documents {
		h, err := d.head()
		if err != nil {
			return "", err
		}
		if h == nil || h.kept() {
			continue
		}
		documents[i].body, err = d.annotated()
		if err != nil {
			return "", err
		}
	}
	return joinManifest(documents), nil
}

// annotated returns the body with the annotation. The result is checked
// against the original; if an edit in place is not faithful (YAML has many
// ways to be odd), the object is written anew, as JSON, which YAML contains.
func (d document) annotated() (string, error) {
	want, err := d.wanted()
	if err != nil {
		return "", err
	}
	if text, err := edited(d.body); err == nil {
		if body := withMark("", text); sameObject(body, want) {
			return body, nil
		}
	}
	text, err := marshal(want)
	if err != nil {
		return "", err
	}
	body := withMark(d.body, string(text))
	if !sameObject(body, want) {
		return "", fmt.Errorf("%s cannot be annotated without changing more of it", d.source())
	}
	return body, nil
}

// wanted is the object as it should be after annotating.
func (d document) wanted() (map[string]any, error) {
	object, err := parseObject(d.body)
	if err != nil {
		return nil, fmt.Errorf("%s is not an object in YAML", d.source())
	}
	metadata, err := mapping(object, "metadata")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.source(), err)
	}
	annotations, err := mapping(metadata, "annotations")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.source(), err)
	}
	annotations[annotationPolicy] = policyKeep
	return object, nil
}

// mapping returns the mapping under key, making it if there is none.
func mapping(object map[string]any, key string) (map[string]any, error) {
	switch value := object[key].(type) {
	case map[string]any:
		return value, nil
	case nil:
		made := map[string]any{}
		object[key] = made
		return made, nil
	default:
		return nil, fmt.Errorf("%s is not a mapping", key)
	}
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

func sameObject(body string, want map[string]any) bool {
	got, err := parseObject(body)
	return err == nil && reflect.DeepEqual(got, want)
}

// edited sets the annotation in the text.
func edited(body string) (string, error) {
	decoder := kyaml.NewDecoder(strings.NewReader(body))
	var node, more kyaml.Node
	if err := decoder.Decode(&node); err != nil {
		return "", err
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return "", errors.New("more than one document")
	}
	object := kyaml.NewRNode(&node)
	if err := object.PipeE(kyaml.SetAnnotation(annotationPolicy, policyKeep)); err != nil {
		return "", err
	}
	text, err := object.String()
	if err != nil {
		return "", err
	}
	// A separator in the result would split it in two for Helm.
	if text = strings.TrimSpace(text); separator.MatchString(text) {
		return "", errors.New("the text has a separator")
	}
	return text, nil
}
