package export

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

var update = flag.Bool("update", false, "write the golden files")

// made is the fleet of testdata, changed.
func made(t *testing.T, change func(*fleet.Fleet)) *fleet.Fleet {
	t.Helper()
	f, err := fleet.ReadFile(filepath.Join("testdata", "fleet.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(f)
	}
	return f
}

// only keeps one region.
func only(name string) func(*fleet.Fleet) {
	return func(f *fleet.Fleet) {
		f.Regions = slices.DeleteFunc(f.Regions, func(region fleet.Region) bool { return region.Name != name })
	}
}

func fromRegistry(f *fleet.Fleet) {
	for i := range f.Regions {
		f.Regions[i].Satellite.Chart.Name, f.Regions[i].Satellite.Chart.Repo = "oci://registry.example.com:5000/charts/coder", ""
	}
}

func withSets(sets ...string) func(*fleet.Fleet) {
	return func(f *fleet.Fleet) {
		for i := range f.Regions {
			f.Regions[i].Satellite.Sets = values.Options{Values: sets}
		}
	}
}

type tool func(*fleet.Fleet, string, Options) ([]File, error)

// The files are as they were looked at, are the same the second time, and are YAML.
func TestGolden(t *testing.T) {
	argo := Options{ArgoNamespace: "argocd", Project: "default"}
	set := argo
	set.ApplicationSet = true
	for name, test := range map[string]struct {
		by     tool
		change func(*fleet.Fleet)
		o      Options
	}{
		"flux":           {Flux, nil, Options{HubNamespace: "flux-system"}},
		"flux-hub":       {Flux, nil, Options{HubNamespace: "flux-system", KubeconfigSecret: "{region}-kubeconfig"}},
		"flux-oci":       {Flux, func(f *fleet.Fleet) { only("sydney")(f); fromRegistry(f) }, Options{}},
		"flux-secrets":   {Flux, withSets("coderd.password=hunter2", "coderd.env[0].name=TOKEN", "coderd.env[0].value=hunter3"), Options{ValuesSecrets: []string{"{region}-values:secret.yaml", "Secret/all"}}},
		"argocd":         {ArgoCD, nil, argo},
		"argocd-oci":     {ArgoCD, func(f *fleet.Fleet) { only("sydney")(f); fromRegistry(f) }, argo},
		"applicationset": {ArgoCD, nil, set},
	} {
		t.Run(name, func(t *testing.T) {
			got := text(t, test.by, made(t, test.change), test.o)
			if again := text(t, test.by, made(t, test.change), test.o); again != got {
				t.Errorf("the second time:\n%s", cmp.Diff(got, again))
			}
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if diff := cmp.Diff(string(want), got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// text is all files, and fails the test unless each is YAML that begins like the others, and shows no secret.
func text(t *testing.T, by tool, f *fleet.Fleet, o Options) string {
	t.Helper()
	files, err := by(f, "9.9.9", o)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		if first, _, _ := strings.Cut(file.Text, "\n"); !strings.HasPrefix(first, "# Written by `kubectl coder-satellite export`") || !strings.HasSuffix(file.Text, "\n") {
			t.Errorf("%s: %q", file.Name, file.Text)
		}
		fmt.Fprintf(&all, "## %s\n%s", file.Name, file.Text)
		objects(t, file.Text)
	}
	if strings.Contains(all.String(), "hunter") {
		t.Error("a secret is shown")
	}
	return all.String()
}

// objects returns the objects in a text by their kinds.
func objects(t *testing.T, text string) map[string]map[string]any {
	t.Helper()
	found := map[string]map[string]any{}
	for _, document := range releaseutil.SplitManifests(text) {
		var object map[string]any
		if err := yaml.UnmarshalStrict([]byte(document), &object); err != nil {
			t.Fatalf("%v:\n%s", err, document)
		}
		if kind, ok := object["kind"].(string); ok {
			found[kind] = object
		}
	}
	return found
}

func at(t *testing.T, object any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch key := step.(type) {
		case string:
			object = object.(map[string]any)[key]
		case int:
			object = object.([]any)[key]
		}
	}
	return object
}

// The values are those with which the plugin would install, in all three forms, and whatever they and the names hold.
func TestValuesAreThePlugins(t *testing.T) {
	f := made(t, func(f *fleet.Fleet) {
		only("EU_west.1")(f)
		f.Regions[0].Satellite.Sets = values.Options{
			Values: []string{"coderd.replicas=3", `coderd.odd=a\, b: {{ .cluster }} #`, "big=1234567890123"}, StringValues: []string{"coderd.text=true"},
			JSONValues: []string{`coderd.list=[{"a": null}, "x: y\n---\nkind: Evil", 1.5]`},
		}
		f.Regions[0].Satellite.Context = "a\nb: {{ .release }}"
	})
	region := f.Regions[0].Satellite
	want, err := satellite.MergeValues(region.ValueFiles, region.Sets, satellite.URLs{Primary: f.CoderURL, Access: region.AccessURL, Unified: region.UnifiedURL})
	if err != nil {
		t.Fatal(err)
	}
	plain := func(value any) any { // of the types that JSON has
		var out any
		data, err := yaml.Marshal(value)
		if err == nil {
			err = yaml.Unmarshal(data, &out)
		}
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	release := objects(t, text(t, Flux, f, Options{}))["HelmRelease"]
	application := objects(t, text(t, ArgoCD, f, Options{}))["Application"]
	element := at(t, objects(t, text(t, ArgoCD, f, Options{ApplicationSet: true}))["ApplicationSet"], "spec", "generators", 0, "list", "elements", 0)
	for name, got := range map[string]any{
		"Flux": at(t, release, "spec", "values"), "Argo CD": at(t, application, "spec", "source", "helm", "valuesObject"), "the set": at(t, element, "helmValues"),
	} {
		if diff := cmp.Diff(plain(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, got := range map[string]any{"Argo CD": at(t, application, "spec", "destination", "name"), "the set": at(t, element, "cluster")} {
		if got != region.Context {
			t.Errorf("%s: the cluster is %q", name, got)
		}
	}
}

// A release waits for the last wave before its own that has a satellite; without a hub, Flux could not see that.
func TestWaves(t *testing.T) {
	files, err := Flux(made(t, nil), "", Options{KubeconfigSecret: "{region}"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, file := range files[1:] {
		got[file.Name] = at(t, objects(t, file.Text)["HelmRelease"], "spec", "dependsOn")
	}
	ohio := []any{map[string]any{"name": "coder-satellite-ohio"}}
	if diff := cmp.Diff(map[string]any{"ohio.yaml": nil, "sydney.yaml": ohio, "EU_west.1.yaml": ohio}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	files, err = Flux(made(t, nil), "", Options{})
	for _, file := range files {
		if err != nil || !file.Alone || strings.Contains(file.Text, "dependsOn") {
			t.Errorf("%v\n%s", err, file.Text)
		}
	}
}

// The version of the primary is for a chart without one.
func TestVersion(t *testing.T) {
	for own, want := range map[string]string{"": "1.22.3", "1.21.7": "1.21.7"} {
		files, err := Flux(made(t, func(f *fleet.Fleet) { only("ohio")(f); f.Regions[0].Satellite.Chart.Version = own }), "1.22.3", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := at(t, objects(t, files[0].Text)["HelmRelease"], "spec", "chart", "spec", "version"); got != want {
			t.Errorf("%q: %v", own, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		by     tool
		change func(*fleet.Fleet)
		o      Options
		says   []string
	}{
		"no satellite": {Flux, only("hq"), Options{}, []string{"none of these regions has a satellite"}},
		"a chart on this machine": {ArgoCD, func(f *fleet.Fleet) {
			fromRegistry(f)
			for i := range f.Regions {
				f.Regions[i].Satellite.Chart.Name = "./coder"
			}
		}, Options{}, []string{"the chart ./coder is a folder or file on this machine", "--repo and --chart", "oci://"}},
		"secrets, for Flux": {Flux, withSets("coderd.password=hunter2", "url=postgres://u:hunter3@db/x"), Options{}, []string{
			`region "sydney": values that look like secrets must not go into Git: coderd.password, url`, `region "ohio"`, "--values-from NAME[:KEY]",
		}},
		"secrets, for Argo CD":      {ArgoCD, withSets("list[0].token=hunter2"), Options{ApplicationSet: true}, []string{"must not go into Git: list."}},
		"one kubeconfig for all":    {Flux, nil, Options{KubeconfigSecret: "k"}, []string{"--kubeconfig-secret-ref k: each region needs its own: write {region}"}},
		"values against the region": {Flux, withSets("coderd.satellite.accessURL=https://x.example.com"), Options{}, []string{`region "sydney": the Helm values say coderd.satellite.accessURL`, `region "ohio"`}},
		"two of one name": {Flux, func(f *fleet.Fleet) {
			f.Regions[0].Name = "eu-west_1"
			f.Waves = []fleet.Wave{{Regions: []string{"EU_west.1", "eu-west_1"}}}
		}, Options{}, []string{`region "EU_west.1": its object cannot be named coder-satellite-eu-west-1, which is too long or another region's`}},
		"a long name": {ArgoCD, func(f *fleet.Fleet) {
			f.Regions[0].Name = strings.Repeat("a", 48)
			f.Waves = []fleet.Wave{{Regions: []string{f.Regions[0].Name}}}
		}, Options{}, []string{"which is too long"}},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := test.by(made(t, test.change), "", test.o)
			if err == nil {
				t.Fatalf("%v", files)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q is not in: %v", says, err)
				}
			}
			if shown := fmt.Sprint(err, files); strings.Contains(shown, "hunter") {
				t.Errorf("a secret is shown: %s", shown)
			}
		})
	}
}

// What names a Secret, or is empty, is no secret; what holds one is, and a list goes as a whole.
func TestTakeSecrets(t *testing.T) {
	for key, setting := range map[string]string{
		"": "a.hostSecretName=x", "a.token": "a.token=abc", "a.b.c": "a.b.c=-----BEGIN EC PRIVATE KEY-----", "a": "a[0].b.password=x", "x": "x=https://u:p@h/",
	} {
		f := made(t, func(f *fleet.Fleet) { only("ohio")(f); withSets(setting, "kept.value=7")(f) })
		all, err := items(f, "", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(all[0].Secrets, " "); got != key {
			t.Errorf("%s: %q", setting, got)
		}
		if kept := slices.Sorted(maps.Keys(all[0].Values)); !slices.Contains(kept, "kept") || !slices.Contains(kept, "certs") {
			t.Errorf("%s: kept are %v", setting, kept)
		}
	}
}
