// Package schema validates documents against the JSON Schemas in docs/schema, for tests of every
// kind.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Check returns what is wrong with the documents in the plugin's output. Output that is not JSON,
// or is truncated because the plugin was killed, contains no documents. Kubernetes' own objects
// do not count either.
func Check(output string) error {
	decoder := json.NewDecoder(strings.NewReader(output))
	for {
		var document json.RawMessage
		if decoder.Decode(&document) != nil {
			return nil
		}
		var head metav1.TypeMeta
		if json.Unmarshal(document, &head) != nil || head.APIVersion != v1alpha1.GroupVersion().String() {
			continue
		}
		if head.Kind == v1alpha1.KindFleet {
			document = filledIn(document)
		}
		if err := Validate(document); err != nil {
			return err
		}
	}
}

// filledIn adds access URLs to the output of discover, which users fill in themselves.
func filledIn(fleet []byte) []byte {
	return bytes.ReplaceAll(fleet, []byte(`"accessURL": ""`), []byte(`"accessURL": "https://satellite.example.com"`))
}

// Validate validates a JSON document against the schema of its kind.
func Validate(document []byte) error {
	var head metav1.TypeMeta
	if err := json.Unmarshal(document, &head); err != nil {
		return fmt.Errorf("the document has no kind: %w", err)
	}
	schema, err := compiled(head.Kind)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("a %s does not fit its schema: %w", head.Kind, err)
	}
	return nil
}

// compiled returns the schema of a kind, changed to refuse unknown fields: here the program and
// the schema have the same version.
func compiled(kind string) (*jsonschema.Schema, error) {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return nil, errors.New("the project's folder is not known")
	}
	name := strings.ToLower(kind) + ".json"
	data, err := os.ReadFile(filepath.Join(filepath.Dir(here), "..", "..", "docs", "schema", v1alpha1.Version, filepath.Base(name)))
	if err != nil {
		return nil, fmt.Errorf("the kind %q has no schema: %w", kind, err)
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	closeObjects(text)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(v1alpha1.SchemaFolder+name, text); err != nil {
		return nil, err
	}
	return compiler.Compile(v1alpha1.SchemaFolder + name)
}

func closeObjects(schema any) {
	switch node := schema.(type) {
	case map[string]any:
		if _, ok := node["properties"]; ok && node["type"] == "object" {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			closeObjects(child)
		}
	case []any:
		for _, child := range node {
			closeObjects(child)
		}
	}
}
