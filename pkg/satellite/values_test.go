package satellite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/cli/values"
)

const (
	primaryURL = "https://coder.example.com"
	accessURL  = "https://coder-sydney.example.com"
)

func valuesFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// set is the options that --set gives.
func set(settings ...string) values.Options { return values.Options{Values: settings} }

// Later files override earlier ones, and --set overrides all files. The region's settings only
// fill in what is missing.
func TestMergeValues(t *testing.T) {
	common := valuesFile(t, "coderd: {replicas: 1, image: a, satellite: {enable: true}}\n")
	sydney := valuesFile(t, "coderd: {replicas: 2, tls: {hostSecretName: tls}}\n")
	got, err := MergeValues([]string{common, sydney}, set("coderd.image=b", "coderd.list={x,y}"), URLs{Primary: primaryURL,
		Access: accessURL})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"coderd": map[string]any{
		"replicas": float64(2), "image": "b", "list": []any{"x", "y"}, "tls": map[string]any{"hostSecretName": "tls"},
		"satellite": map[string]any{"enable": true, "primaryURL": primaryURL, "accessURL": accessURL},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMergeValuesErrors(t *testing.T) {
	for name, test := range map[string]struct {
		file, set, want string
	}{
		"no such file":       {file: "missing.yaml", want: "the Helm values cannot be read"},
		"not YAML":           {file: valuesFile(t, "a: ["), want: "the Helm values cannot be read"},
		"bad --set":          {set: "a[x]=1", want: "the Helm values cannot be read"},
		"a URL":              {file: "ftp://example.com/values.yaml", want: "the Helm values cannot be read"},
		"no satellite":       {set: "coderd.satellite.enable=false", want: "the Helm values say coderd.satellite.enable: false, but for this region it is true"},
		"another primary":    {set: "coderd.satellite.primaryURL=https://x", want: "coderd.satellite.primaryURL: https://x, but for this region it is " + primaryURL},
		"another address":    {set: "coderd.satellite.accessURL=https://x", want: "remove it from the values, or correct the region"},
		"a list for coderd":  {set: "coderd={a}", want: "the Helm value coderd must be a table"},
		"text for satellite": {set: "coderd.satellite=x", want: "the Helm value coderd.satellite must be a table"},
	} {
		t.Run(name, func(t *testing.T) {
			var files []string
			var sets values.Options
			if test.file != "" {
				files = []string{test.file}
			}
			if test.set != "" {
				sets = set(test.set)
			}
			_, err := MergeValues(files, sets, URLs{Primary: primaryURL, Access: accessURL})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// Coder's documentation writes true as a string, and URLs with a trailing slash.
func TestMergeValuesAsDocumented(t *testing.T) {
	file := valuesFile(t, `coderd: {satellite: {enable: "true", primaryURL: "https://coder.example.com/", accessURL: "https://Coder-Sydney.example.com:443/"}}`)
	got, err := MergeValues([]string{file}, set(), URLs{Primary: primaryURL, Access: accessURL})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"coderd": map[string]any{"satellite": map[string]any{"enable": true, "primaryURL": primaryURL, "accessURL": accessURL}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, set := range []string{"enable=no", "accessURL=https://coder-sydney.example.com/x", "accessURL=http://coder-sydney.example.com", "accessURL=true"} {
		if _, err := MergeValues(nil, values.Options{Values: []string{"coderd.satellite." + set}}, URLs{Primary: primaryURL, Access: accessURL}); err == nil {
			t.Errorf("%s is accepted", set)
		}
	}
	if _, err := MergeValues([]string{valuesFile(t, `coderd: {satellite: {enable: "false"}}`)}, set(), URLs{Primary: primaryURL,
		Access: accessURL}); err == nil {
		t.Error(`enable: "false" is accepted`)
	}
}

// An error never contains the content of a file or a setting, not even a part of it.
func TestMergeValuesErrorsHideValues(t *testing.T) {
	for name, test := range map[string]struct{ file, set string }{
		"a comma":     {set: "coderd.password=x,hunter2"},
		"an anchor":   {file: "coderd: {password: *hunter2}\n"},
		"not a table": {file: "hunter2"},
		"a tag":       {file: "!!int hunter2"},
		"unfinished":  {file: "password: 'hunter2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var files []string
			var sets values.Options
			if test.file != "" {
				files = []string{valuesFile(t, test.file)}
			}
			if test.set != "" {
				sets = set(test.set)
			}
			_, err := MergeValues(files, sets, URLs{Primary: primaryURL, Access: accessURL})
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error: %v", err)
			}
		})
	}
}

// Errors of schemas, templates and API servers quote values, which must be hidden.
func TestErrorsOfHelmHideValues(t *testing.T) {
	c := newChart("1.21.7")
	c.Schema = []byte(`{"properties":{"coderd":{"properties":{"password":{"pattern":"^$"},"greeting":{"enum":["a"]}}}}}`)
	r := At(nil, "edge", "r")
	spec := Spec{Values: map[string]any{"coderd": map[string]any{"password": "hunter2's", "greeting": "correct horse"}}}
	_, err := r.Kinds(spec, &Chart{Chart: c}, "")
	if err == nil || !strings.Contains(err.Error(), "/coderd/password") {
		t.Fatalf("error: %v", err)
	}
	c.Schema = nil
	c.Templates[0].Data = []byte(`{{ fail (printf "no %s" .Values.coderd.password) }}`)
	_, failed := r.Kinds(spec, &Chart{Chart: c}, "")
	for _, err := range []error{err, failed} {
		for _, secret := range []string{"hunter2", "correct horse"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q is shown: %v", secret, err)
			}
		}
	}
}

func TestNamedSecrets(t *testing.T) {
	got := namedSecrets(map[string]any{
		"coderd": map[string]any{"tls": map[string]any{"hostSecretName": "tls", "devurlsHostSecretName": "tls"}},
		"certs":  map[string]any{"secret": map[string]any{"name": "ca"}},
	})
	if diff := cmp.Diff([]string{"ca", "tls"}, got); diff != "" {
		t.Error(diff)
	}
	if got := namedSecrets(map[string]any{"coderd": "x", "certs": map[string]any{"secret": map[string]any{"name": 7}}}); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

// Each kind of setting has Helm's meaning and Helm's precedence.
func TestMergeValuesKinds(t *testing.T) {
	file := valuesFile(t, "# a comment\n")
	got, err := MergeValues(nil, values.Options{
		JSONValues: []string{`json={"a":[1,true]}`, "first=1"}, Values: []string{"number=7", "first=2", "second=2"},
		StringValues: []string{"string=7", "second=3"}, FileValues: []string{"file=" + file},
	}, URLs{Primary: primaryURL, Access: accessURL})
	if err != nil {
		t.Fatal(err)
	}
	delete(got, "coderd")
	want := map[string]any{
		"json": map[string]any{"a": []any{float64(1), true}}, "number": int64(7), "first": int64(2), "second": "3", "string": "7", "file": "# a comment\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for want, sets := range map[string]values.Options{
		"--set-json a=... is not KEY=JSON":                              {JSONValues: []string{"a={hunter2"}},
		"--set-string a=... is not KEY=VALUE":                           {StringValues: []string{"a=x,hunter2"}},
		"--set-file a=... is not KEY=FILE with a file that can be read": {FileValues: []string{"a=missing.txt"}},
		"--set-file ...=... is not KEY=FILE":                            {FileValues: []string{"b"}},
	} {
		_, err := MergeValues(nil, sets, URLs{Primary: primaryURL, Access: accessURL})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
