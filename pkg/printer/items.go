package printer

import (
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// item is one of the things that a document is a list of.
type item struct {
	kind, name string
	value      any
}

// items returns what a document lists, in its order: regions, or checks, or the
// document itself.
func items(document runtime.Object) []item {
	var list []item
	region := func(name string, value any) { list = append(list, item{"region", name, value}) }
	switch d := document.(type) {
	case *v1alpha1.Fleet:
		for i := range d.Regions {
			region(d.Regions[i].Name, &d.Regions[i])
		}
	case *v1alpha1.Plan:
		for i := range d.Regions {
			region(d.Regions[i].Name, &d.Regions[i])
		}
	case *v1alpha1.MigrationReport:
		for i := range d.Regions {
			region(d.Regions[i].Name, &d.Regions[i])
		}
	case *v1alpha1.StatusReport:
		for i := range d.Regions {
			region(d.Regions[i].Name, &d.Regions[i])
		}
	case *v1alpha1.VerifyReport:
		for i := range d.Regions {
			region(d.Regions[i].Name, &d.Regions[i])
		}
	case *v1alpha1.CheckList:
		for i := range d.Items {
			list = append(list, item{"check", d.Items[i].ID, &d.Items[i]})
		}
	case *v1alpha1.VersionInfo:
		list = append(list, item{"version", d.Version, d})
	}
	return list
}

// printNames prints "kind/name" for each item, a line each.
func printNames(document runtime.Object, w io.Writer) error {
	for _, item := range items(document) {
		if _, err := fmt.Fprintf(w, "%s/%s\n", item.kind, line(item.name)); err != nil {
			return err
		}
	}
	return nil
}
