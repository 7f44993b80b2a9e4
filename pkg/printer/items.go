package printer

import (
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"
)

type item struct {
	kind, name string
	content    any
}

// items returns what a document lists, in its order: regions, workspaces or checks,
// or the document itself.
func items(document runtime.Object) ([]item, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(document)
	if err != nil {
		return nil, err
	}
	for _, list := range []struct{ field, kind, name string }{{"regions", "region", "name"}, {"workspaces", "workspace", "name"}, {"items", "check", "id"}} {
		if listed, ok := content[list.field]; ok {
			entries, _ := listed.([]any) // nil if it is null
			found := make([]item, len(entries))
			for i, entry := range entries {
				fields, _ := entry.(map[string]any)
				found[i] = item{list.kind, fmt.Sprint(fields[list.name]), fields}
			}
			return found, nil
		}
	}
	return []item{{"version", fmt.Sprint(content["version"]), content}}, nil
}

func printNames(document runtime.Object, w io.Writer) error {
	list, err := items(document)
	for i := 0; i < len(list) && err == nil; i++ {
		_, err = fmt.Fprintf(w, "%s/%s\n", list[i].kind, line(list[i].name))
	}
	return err
}
