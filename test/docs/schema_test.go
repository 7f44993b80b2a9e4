package main

import (
	"reflect"
	"strings"
	"testing"
)

// The parts of a schema, shown by one document of each kind.
func TestSchema(t *testing.T) {
	s := readAPI(t)
	fleet, err := s.schema("Fleet")
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.schema("MigrationReport")
	if err != nil {
		t.Fatal(err)
	}
	findings := []string{"Yes", "No", "None", "Unknown"}
	for name, test := range map[string]struct {
		schema object
		path   string
		want   any
	}{
		"the version":                       {fleet, "properties/apiVersion/const", "coder-satellite.dev/v1alpha1"},
		"the kind":                          {fleet, "properties/kind/const", "Fleet"},
		"what must be there":                {fleet, "required", []string{"apiVersion", "kind", "regions"}},
		"what must be there, below":         {fleet, "definitions/Region/required", []string{"name"}},
		"unknown fields of what is read":    {fleet, "definitions/Region/additionalProperties", false},
		"unknown fields of what is printed": {report, "definitions/RegionReport/additionalProperties", nil},
		"a default":                         {fleet, "definitions/Defaults/properties/namespace/default", "coder-satellite"},
		"a form":                            {fleet, "definitions/Region/properties/accessURL/format", "uri"},
		"text in YAML":                      {fleet, "definitions/Chart/properties/version/type", []string{"string", "number"}},
		"text in JSON":                      {report, "definitions/StepResult/properties/name/type", "string"},
		"of a list's items":                 {fleet, "properties/regions/minItems", 1.0},
		"of the items themselves":           {fleet, "definitions/Wave/properties/regions/items/minLength", 1.0},
		"a time":                            {report, "definitions/StepResult/properties/finished/format", "date-time"},
		"a time that may be missing":        {report, "definitions/StepResult/properties/finished/type", []string{"string", "null"}},
		"a list that may be missing":        {report, "definitions/RegionReport/properties/steps/type", []string{"array", "null"}},
		"a list that is left out":           {report, "definitions/RegionReport/properties/left/type", "array"},
		"constants":                         {report, "definitions/SatelliteState/properties/registered/enum", findings},
	} {
		if got := at(test.schema, test.path); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %s is %v, want %v", name, test.path, got, test.want)
		}
	}
	got, _ := at(report, "properties/outcome/description").(string)
	if !strings.HasPrefix(got, "How the command ended") || !strings.Contains(got, "\n- LockHeld: exit code 4") {
		t.Errorf("the description of an outcome: %q", got)
	}
}

func at(schema object, path string) any {
	var value any = schema
	for name := range strings.SplitSeq(path, "/") {
		node, _ := value.(object)
		value = node[name]
	}
	return value
}

// The generator refuses markers and types that it does not know, rather than publish an
// incomplete schema.
func TestMarkersThatAreUnknown(t *testing.T) {
	for _, text := range []string{"X is.\n+k8s:validation:minimum=many", "X is.\n+defaults=1", "X is.\n+optional"} {
		if err := newComment(text).apply(object{}); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
