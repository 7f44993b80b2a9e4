package cmd

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// Something that is known to be impossible fails its check, with one message for the whole fleet.
// Unknown is only for what could not be determined.
func TestDefiniteIsNotUnknown(t *testing.T) {
	repository := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/charts/index.yaml" {
			http.NotFound(answer, r)
			return
		}
		_, _ = fmt.Fprintf(answer, "apiVersion: v1\nentries:\n  coder:\n  - {name: coder, version: 1.21.7, apiVersion: v2, urls: [coder-1.21.7.tgz]}\n")
	}))
	t.Cleanup(repository.Close)
	regions := []string{"sydney", "london", "ohio", "tokyo"}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	plan, all := []string{"plan", "migrate"}, []string{"plan", "migrate", "status"}
	for name, test := range map[string]struct {
		verbs       []string
		fleet       string // the Fleet's fields other than the regions
		provider    string // prefix of every region's provider name
		arrange     func(*world)
		check, says string
		state       v1alpha1.CheckState
	}{
		"no such version": {
			verbs: plan, fleet: fmt.Sprintf("chart: {repo: %s/charts, name: coder, version: 9.9.9}", repository.URL),
			check: "chart-available", says: "has no chart coder 9.9.9 (it has 1.21.7)",
		},
		"no such chart": {
			verbs: plan, fleet: fmt.Sprintf("chart: {repo: %s/charts, name: cider, version: 9.9.9}", repository.URL),
			check: "chart-available", says: `has no chart "cider"`,
		},
		"no repository there": {
			verbs: plan, fleet: fmt.Sprintf("chart: {repo: %s/other, name: coder}", repository.URL),
			check: "chart-available", says: "status code 404",
		},
		"repository down": {
			verbs: plan, fleet: fmt.Sprintf("chart: {repo: %s, name: coder}", gone.URL),
			check: "chart-available", says: "connection refused", state: v1alpha1.CheckUnknown,
		},
		"values contradict": {
			verbs: plan, fleet: "defaults: {values: [" + writeFile(t, "values.yaml", "coderd: {satellite: {primaryURL: https://other.example.com}}") + "]}",
			check: "values-valid", says: "coderd.satellite.primaryURL: https://other.example.com",
		},
		"no such provider": {
			verbs: all, provider: "perth-", check: "provider-found", says: "the primary has no workspace provider named",
		},
		"two providers": {
			verbs: all, check: "provider-found", says: "2 workspace providers match",
			arrange: func(w *world) {
				for _, region := range regions {
					w.primary.AddProvider(codertest.Provider{Name: region})
				}
			},
		},
		"expired token": {
			verbs: all, check: "operator-role", says: "401 unauthorized",
			arrange: func(w *world) { w.primary.ExpireToken(w.getenv["CODER_TOKEN"]) },
		},
		"no role": {
			verbs: all, check: "operator-role", says: "none of which may manage satellites",
			arrange: func(w *world) {
				w.getenv["CODER_TOKEN"] = w.primary.Token(w.primary.AddUser("bob@example.com", "site-member").ID)
			},
		},
	} {
		for _, verb := range test.verbs {
			t.Run(name+", "+verb, func(t *testing.T) {
				w := newWorld(t)
				for _, region := range regions[1:] {
					w.primary.AddProvider(codertest.Provider{Name: region, Config: codertest.ProviderConfig{ClusterAddress: w.api.URL}})
				}
				if test.arrange != nil {
					test.arrange(w)
				}
				file := "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\n" + test.fleet + "\nregions:\n"
				for i, region := range regions {
					file += fmt.Sprintf("- {name: %s, context: sydney, namespace: s%d, accessURL: \"https://127.0.0.1:%d\", provider: %s}\n", region, i, i+1, test.provider+region)
				}
				file = writeFile(t, "fleet.yaml", file)
				got := w.run(t.Context(), t, verb, "-f", file, "-o", "json")
				var document struct {
					Regions []struct{ Checks, Preflight []v1alpha1.CheckResult }
				}
				if err := json.Unmarshal([]byte(got.out), &document); err != nil || len(document.Regions) != 4 {
					t.Fatalf("exit code %d, %v: %s%s", got.code, err, got.out, got.errOut)
				}
				want := test.state
				if want == "" {
					want = v1alpha1.CheckFail
				}
				for _, region := range document.Regions {
					told := 0
					for _, result := range append(region.Checks, region.Preflight...) {
						if result.ID == test.check && result.State != want {
							t.Errorf("%s is %s: %s", result.ID, result.State, result.Message)
						}
						if strings.Contains(result.Message, test.says) || result.State != v1alpha1.CheckSkipped && strings.Contains(result.Message, "403 forbidden") {
							told++
						}
					}
					if told != 1 {
						t.Errorf("reported %d times: %s", told, got.out)
					}
				}
				got = w.run(t.Context(), t, verb, "-f", file)
				if text := strings.Join(strings.Fields(got.out+got.errOut), " "); strings.Count(text, test.says) != 1 {
					t.Errorf("reported %d times:\n%s%s", strings.Count(text, test.says), got.out, got.errOut)
				}
			})
		}
	}
}
