package legacy

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

func TestAnnotateManifestGolden(t *testing.T) {
	for file, manifest := range map[string]string{
		"before-1.21.4.yaml":  legacyManifest(false, false),
		"since-1.21.4.yaml":   legacyManifest(true, false),
		"own-ingress.yaml":    legacyManifest(false, true),
		"odd-documents.yaml":  oddManifest,
		"json-documents.yaml": "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"},\"data\":{\"n\":12345678901234567890}}\n",
	} {
		t.Run(file, func(t *testing.T) {
			got, err := annotateManifest(manifest)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "annotated", file)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			checkAnnotated(t, manifest, got)
		})
	}
}

// oddManifest has rare but valid YAML.
const oddManifest = `
# only a comment
---
# Source: chart/templates/null-annotations.yaml
kind: A
apiVersion: v1
metadata:
  name: a
  annotations:
---
apiVersion: v1
kind: Flow
metadata: {name: flow, annotations: {x: "1"}} # flow
---
apiVersion: v1
kind: Other
metadata:
  annotations:
    helm.sh/resource-policy: delete
  name: other-policy
---
apiVersion: v1
kind: Kept
metadata:
  annotations: {helm.sh/resource-policy: " Keep "}
  name: kept
odd:    spacing
---
# Source: chart/templates/twice.yaml
apiVersion: v1
kind: Twice
metadata:
  name: twice
spec: 1
spec: 2
---
apiVersion: v1
kind: Alias
metadata:
  labels: &l {a: b}
  annotations: *l
  name: alias
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: in-list}
---
apiVersion: v1
kind: Block
metadata:
  name: block
text: |
  -----BEGIN X-----
   ---
  yes
folded: >-
  a
  b
long: a very long plain scalar that goes on and on and on and on, far over the eighty columns that YAML writers like to fold at
octal: 0644
yes: no
float: 1e3
time: 2001-01-01
---


`

// checkAnnotated checks the properties of every annotated manifest.
func checkAnnotated(t interface{ Fatalf(string, ...any) }, before, after string) {
	was, is := releaseutil.SplitManifests(before), releaseutil.SplitManifests(after)
	if len(was) != len(is) {
		t.Fatalf("Helm sees %d documents, it saw %d", len(is), len(was))
	}
	for key, text := range is {
		d := document{body: text}
		object, err := d.parse()
		if err != nil {
			t.Fatalf("%v", err)
		}
		if object == nil {
			continue
		}
		if !keeps(object) {
			t.Fatalf("Helm does not keep %s:\n%s", object["kind"], text)
		}
		want, err := document{body: was[key]}.parse()
		if err != nil {
			t.Fatalf("%v", err)
		}
		if !sameObject(text, kept(want)) {
			t.Fatalf("more than the annotation changed:\n%s\nwas\n%s", text, was[key])
		}
	}
	again, err := annotateManifest(after)
	if err != nil || again != after {
		t.Fatalf("annotating again changes the manifest (%v):\n%s", err, cmp.Diff(after, again))
	}
}

func TestAnnotateManifestErrors(t *testing.T) {
	for name, test := range map[string]struct{ manifest, want string }{
		"not YAML":       {"---\n# Source: c/templates/x.yaml\na: [", "the document of c/templates/x.yaml is not an object"},
		"text":           {"just text", "is not an object"},
		"no kind":        {"apiVersion: v1\nmetadata: {name: a}", "has no kind"},
		"metadata":       {"kind: A\nmetadata: text", "is not an object"},
		"annotations":    {"kind: A\nmetadata: {annotations: [1]}", "is not an object"},
		"null documents": {"kind: A\nmetadata: {name: x}\n---\n[1]", "is not an object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := annotateManifest(test.manifest)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestManifestObjects(t *testing.T) {
	objects, err := manifestObjects(legacyManifest(true, true)+"---\nkind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s, namespace: other}}\n", home)
	if err != nil {
		t.Fatal(err)
	}
	want := []ObjectRef{
		{"v1", "ServiceAccount", home, "coder"},
		{"v1", "ServiceAccount", home, "coder-workspace-provider-environments"},
		{"rbac.authorization.k8s.io/v1", "Role", home, "coder"},
		{"rbac.authorization.k8s.io/v1", "RoleBinding", home, "coder"},
		{"v1", "Service", home, "envproxy"},
		{"apps/v1", "Deployment", home, "envproxy"},
		{"extensions/v1beta1", "Ingress", home, "envproxy"},
		{"rbac.authorization.k8s.io/v1beta1", "Role", home, "nginx"},
		{"v1", "Secret", "other", "s"},
	}
	var got []ObjectRef
	for _, object := range objects {
		got = append(got, object.ObjectRef)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Manifests are split as Helm splits them, without losing a byte.
func TestSplitManifestProperty(t *testing.T) {
	piece := rapid.SampledFrom([]string{"---", "\n", " ", "\t", "a: 1", "# c", "- x", "\n---\n", "----", "\u00a0", "\r\n", "..."})
	rapid.Check(t, func(t *rapid.T) {
		checkSplit(t, strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), ""))
	})
}

func checkSplit(t interface{ Fatalf(string, ...any) }, manifest string) {
	documents := splitManifest(manifest)
	if joined := joinManifest(documents); joined != manifest {
		t.Fatalf("%q became %q", manifest, joined)
	}
	for i, d := range documents {
		between := strings.TrimSpace(d.before)
		if last := i == len(documents)-1; between != "" && (last || between != "---") || last && d.body != "" {
			t.Fatalf("%q has %q before document %d, %q", manifest, d.before, i, d.body)
		}
	}
	helm := map[string]bool{}
	for _, text := range releaseutil.SplitManifests(manifest) {
		helm[text] = true
	}
	ours := map[string]bool{}
	for _, d := range documents {
		ours[d.body] = true
	}
	delete(helm, "")
	delete(ours, "")
	if diff := cmp.Diff(helm, ours); diff != "" {
		t.Fatalf("Helm splits %q into other documents: %s", manifest, diff)
	}
}

func TestAnnotateManifestProperty(t *testing.T) {
	scalar := rapid.SampledFrom([]string{"a", "0644", "yes", "1e3", "'quoted'", "\"x: y\"", "~", "12345678901234567890", "2001-01-01", "|\n    text\n    ---x", "{a: b}", "[1, 2]"})
	key := rapid.SampledFrom([]string{"spec", "data", "type", "\"on\"", "n", "rules"})
	rapid.Check(t, func(t *rapid.T) {
		var manifest strings.Builder
		for range rapid.IntRange(0, 4).Draw(t, "documents") {
			manifest.WriteString("---\n")
			if rapid.Bool().Draw(t, "source") {
				manifest.WriteString("# Source: c/templates/a.yaml\n")
			}
			manifest.WriteString("apiVersion: v1\nkind: A\nmetadata:\n  name: x # why\n")
			switch rapid.IntRange(0, 3).Draw(t, "annotations") {
			case 1:
				manifest.WriteString("  annotations: {a: b}\n")
			case 2:
				manifest.WriteString("  annotations:\n    helm.sh/resource-policy: keep\n")
			case 3:
				manifest.WriteString("  annotations: # none\n")
			}
			for _, k := range rapid.SliceOfNDistinct(key, 0, 3, rapid.ID[string]).Draw(t, "keys") {
				manifest.WriteString(k + ": " + scalar.Draw(t, "value") + "\n")
			}
		}
		after, err := annotateManifest(manifest.String())
		if err != nil {
			t.Fatalf("%v of\n%s", err, manifest.String())
		}
		checkAnnotated(t, manifest.String(), after)
	})
}

func FuzzAnnotateManifest(f *testing.F) {
	f.Add(oddManifest)
	f.Add(legacyManifest(true, true))
	f.Add("kind: A\n...\nkind: B\n")
	f.Add("%YAML 1.1\n---\nkind: A\n")
	f.Fuzz(func(t *testing.T, manifest string) {
		checkSplit(t, manifest)
		after, err := annotateManifest(manifest)
		if err != nil {
			return
		}
		checkAnnotated(t, manifest, after)
	})
}

// TestKinds proves that each kind is listed once, and an object of a removed API group under its
// present group.
func TestKinds(t *testing.T) {
	release := Release{Objects: []ObjectRef{
		{APIVersion: "v1", Kind: "Service", Name: "a"}, {APIVersion: "v1", Kind: "Service", Name: "b"},
		{APIVersion: "extensions/v1beta1", Kind: "Ingress", Name: "c"},
	}}
	want := []schema.GroupKind{{Kind: "Service"}, {Group: "extensions", Kind: "Ingress"}, {Group: "networking.k8s.io", Kind: "Ingress"}}
	if diff := cmp.Diff(want, release.Kinds()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
