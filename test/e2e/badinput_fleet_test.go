package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestBadFleet: all errors in a Fleet file are reported at once with file, line and field, before
// any request is sent.
func TestBadFleet(t *testing.T) {
	for _, c := range []struct {
		name string
		// old is replaced by new in the lab's Fleet.
		old, new string
		// problem is the expected error on the line of new.
		problem string
	}{
		{"unknown field", "context: sydney", "contxt: sydney", `regions[0].contxt: unknown field; did you mean "context"?`},
		{"unknown field of defaults", "  namespace: coder-satellite", "  namespaces: coder-satellite", `defaults.namespaces: unknown field; did you mean "namespace"?`},
		{"duplicate region", "name: london", "name: sydney", `regions[1].name: "sydney" is already used by regions[0]`},
		{"missing context", "context: london", `context: ""`, `regions[1].context:`},
		{"duplicate access URL", lab.Region("ohio").AccessURL, lab.Region("sydney").AccessURL, `regions[2].accessURL:`},
		{"no https", lab.Region("ohio").AccessURL, "http://coder-ohio.example.com", `regions[2].accessURL: "http://coder-ohio.example.com" is not https`},
		{"wrong kind", "kind: Fleet", "kind: Flet", `kind: is "Flet", must be "Fleet"`},
		{"no such values file", "- common.yaml", "- comon.yaml", `defaults.values[0]:`},
		{"a list for a text", "context: sydney", "context: [sydney]", `regions[0].context: must be text`},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, err := os.ReadFile(lab.Path("fleet.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			before, _, found := strings.Cut(string(data), c.old)
			if !found {
				t.Fatalf("the lab's Fleet has no %q", c.old)
			}
			file := writeInLab(t, "fleet.yaml", []byte(strings.Replace(string(data), c.old, c.new, 1)))
			misused(t, []string{fmt.Sprintf("%s:%d: %s", file, strings.Count(before, "\n")+1, c.problem)}, "-f", file)
		})
	}
}

func TestUnknownRegion(t *testing.T) {
	misused(t, []string{`"sidney"`, `did you mean "sydney"?`}, "-f", "fleet.yaml", "--region", "sidney")
}

func TestNoSuchFleet(t *testing.T) {
	misused(t, []string{"no-such.yaml"}, "-f", "no-such.yaml")
}
