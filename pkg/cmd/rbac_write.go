package cmd

import (
	"encoding/json"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// rbacWriter returns what writes objects in the format: YAML documents, or one List in JSON.
func rbacWriter(format string) (func(io.Writer, []runtime.Object) error, error) {
	switch format {
	case "yaml":
		return writeYAML, nil
	case "json":
		return writeList, nil
	default:
		return nil, usagef("-o %q: choose yaml or json", format)
	}
}

func writeYAML(to io.Writer, objects []runtime.Object) error {
	for i, object := range objects {
		text, err := yaml.Marshal(object)
		if err != nil {
			return err
		}
		if i > 0 {
			text = append([]byte("---\n"), text...)
		}
		if _, err := to.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func writeList(to io.Writer, objects []runtime.Object) error {
	list := struct {
		metav1.TypeMeta `json:",inline"`
		Items           []runtime.Object `json:"items"`
	}{metav1.TypeMeta{APIVersion: "v1", Kind: "List"}, objects}
	encoder := json.NewEncoder(to)
	encoder.SetIndent("", "  ")
	return encoder.Encode(list)
}
