package legacy

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// mark is a comment on documents whose policy is ours, to tell it from the chart's. It survives what Helm does with a
// manifest (a rollback stores an old one again), and never reaches live objects.
const mark = "# kept by kubectl coder-satellite"

func (d document) marked() bool {
	return slices.Contains(strings.Split(d.body, "\n"), mark)
}

// withMark puts the mark on top of the text, but below the comment that names the template.
func (d document) withMark(text string) string {
	comment, _, _ := strings.Cut(d.body, "\n")
	if !strings.HasPrefix(comment, "# Source: ") {
		return mark + "\n" + text
	}
	return comment + "\n" + mark + "\n" + strings.TrimPrefix(text, comment+"\n")
}

// annotated returns the manifest of the documents with helm.sh/resource-policy=keep on every object. An object that has
// it stays as it is, byte for byte; the others keep comments and the order of keys. Annotating twice changes nothing
// more. The error names the document that cannot be annotated.
func annotated(documents []document) (string, error) {
	documents = slices.Clone(documents)
	for i, d := range documents {
		if d.object == nil || keeps(d.object) {
			continue
		}
		var err error
		if documents[i].body, err = d.become(kept(d.object)); err != nil {
			return "", err
		}
	}
	return joinManifest(documents), nil
}

func kept(object map[string]any) map[string]any {
	if object == nil || keeps(object) {
		return object
	}
	copied := runtime.DeepCopyJSON(object)
	inner := copied
	for _, key := range []string{"metadata", "annotations"} {
		next, _ := inner[key].(map[string]any)
		if next == nil {
			next = map[string]any{}
			inner[key] = next
		}
		inner = next
	}
	inner[annotationPolicy] = policyKeep
	return copied
}

// become returns the body with the annotation, which makes it the wanted object. If an edit in place is not faithful
// (YAML has many ways to be odd), it writes the object anew, as JSON, which YAML contains.
func (d document) become(want map[string]any) (string, error) {
	if text, err := edited(d.body); err == nil {
		if body := d.withMark(text); sameObject(body, want) {
			return body, nil
		}
	}
	text, err := marshal(want)
	if err != nil {
		return "", err
	}
	body := d.withMark(string(text))
	if !sameObject(body, want) {
		return "", fmt.Errorf("%s cannot be annotated without changing more of it", d.source())
	}
	return body, nil
}

func sameObject(body string, want map[string]any) bool {
	got, err := parseObject(body)
	return err == nil && reflect.DeepEqual(got, want)
}

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
