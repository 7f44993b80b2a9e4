package satellite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const unifiedURL = "https://coder-global.example.com"

func unified() URLs { return URLs{Primary: primaryURL, Access: accessURL, Unified: unifiedURL} }

// As in Coder's documentation, the access URL is the unified URL, and the satellite also answers
// at its own name. The operator's own alternate names are kept.
func TestMergeValuesUnified(t *testing.T) {
	own, shared := "coder-sydney.example.com", "coder-global.example.com"
	for name, test := range map[string]struct {
		sets []string
		want []any
	}{
		"nothing given": {nil, []any{own, shared}},
		"null":          {[]string{"coderd.alternateHostnames=null"}, []any{own, shared}},
		"another name":  {[]string{"coderd.alternateHostnames={coder-au.example.com}"}, []any{own, shared, "coder-au.example.com"}},
		"as documented": {[]string{"coderd.alternateHostnames={" + shared + "," + own + "}", "coderd.satellite.accessURL=" +
			unifiedURL + "/"}, []any{own, shared}},
		"in capitals, twice": {[]string{"coderd.alternateHostnames={Coder-Sydney.example.com,x.example.com,X.example.com}"}, []any{own,
			shared, "x.example.com"}},
		"an address, a local": {[]string{"coderd.alternateHostnames={192.0.2.7,coderd}"}, []any{own, shared, "192.0.2.7", "coderd"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := MergeValues(nil, set(test.sets...), unified())
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"coderd": map[string]any{
				"satellite":          map[string]any{"enable": true, "primaryURL": primaryURL, "accessURL": unifiedURL},
				"alternateHostnames": test.want,
			}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A value that contradicts the unified URL is an error that names the value.
func TestMergeValuesUnifiedErrors(t *testing.T) {
	for name, test := range map[string]struct {
		set  string
		urls URLs
		want string
	}{
		"the region's own": {"coderd.satellite.accessURL=" + accessURL, unified(), "coderd.satellite.accessURL: " + accessURL +
			", but for this region it is " + unifiedURL},
		"in the values alone": {"coderd.satellite.accessURL=" + unifiedURL, URLs{Primary: primaryURL, Access: accessURL},
			"is the Fleet's unifiedURL, or --unified-url"},
		"names that are a text": {"coderd.alternateHostnames=x.example.com", unified(),
			"the Helm value coderd.alternateHostnames must be a list of host names"},
		"a name that is a URL": {"coderd.alternateHostnames={x.example.com,https://y.example.com}", unified(),
			"coderd.alternateHostnames[1] must be a host name"},
		"a name that is empty": {"coderd.alternateHostnames[0]=", unified(), "coderd.alternateHostnames[0] must be a host name"},
		"a name that is none":  {"coderd.alternateHostnames={7}", unified(), "coderd.alternateHostnames[0] must be a host name"},
		"coderd is a list":     {"coderd={a}", unified(), "the Helm value coderd must be a table"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := MergeValues(nil, set(test.set), test.urls)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// Without a unified URL, the operator's alternate names are not checked.
func TestMergeValuesLeavesAlternates(t *testing.T) {
	got, err := MergeValues(nil, set("coderd.alternateHostnames={Coder-AU.example.com}"), URLs{Primary: primaryURL, Access: accessURL})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"Coder-AU.example.com"}, lookup(got, "coderd", "alternateHostnames")); diff != "" {
		t.Error(diff)
	}
}

// A change from the region's own URL to the unified one, or back, is a difference of values that
// names the URL.
func TestMatchesUnified(t *testing.T) {
	chart := &Chart{Chart: newChart("1.28.2")}
	values := func(urls URLs) map[string]any {
		merged, err := MergeValues(nil, set(), urls)
		if err != nil {
			t.Fatal(err)
		}
		return merged
	}
	alone, shared := values(URLs{Primary: primaryURL, Access: accessURL}), values(unified())
	for name, test := range map[string]struct {
		was, is map[string]any
		want    []string
	}{
		"to the unified one": {alone, shared, []string{"the values differ", "access URL " + accessURL + " -> " + unifiedURL}},
		"and back":           {shared, alone, []string{"the values differ", "access URL " + unifiedURL + " -> " + accessURL}},
		"the same":           {shared, values(unified()), nil},
	} {
		t.Run(name, func(t *testing.T) {
			state := State{Installed: true, ChartName: "coder", ChartVersion: "1.28.2", Values: plainSatellite(test.was)}
			same, differences := state.Matches(Spec{Values: test.is}, chart)
			if diff := cmp.Diff(test.want, differences); diff != "" || same != (test.want == nil) {
				t.Errorf("%t (-want +got):\n%s", same, diff)
			}
		})
	}
}

func TestTLSOf(t *testing.T) {
	values := map[string]any{"coderd": map[string]any{
		"devurlsHost": "*.coder-sydney.example.com", "tls": map[string]any{"hostSecretName": "host", "devurlsHostSecretName": "devurls"},
	}}
	if got, want := TLSOf(values), (TLS{"host", "devurls", "*.coder-sydney.example.com"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, odd := range []map[string]any{nil, {"coderd": "x"}, {"coderd": map[string]any{"tls": []any{}, "devurlsHost": 7}}} {
		if got := TLSOf(odd); got != (TLS{}) {
			t.Errorf("%v: %+v", odd, got)
		}
	}
}
