package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// unifiedFleet is a fleet of two regions with a unified URL that leads to sydney. The regions'
// own host is 127.0.0.1, the unified one localhost.
type unifiedFleet struct {
	// shared is the Fleet file, alone the same one without the unified URL.
	shared, alone string
	url           string
	// line leads from the unified URL to sydney, and is cut at first.
	line      *inlab.Line
	authority *codertest.Authority
}

const unifiedSecret = "unified-tls"

// whenSwitched is the result if no journal says since when the primary uses Networking v2, and
// workspaces may still use the legacy release.
const whenSwitched = "workspaces-adopted=Unknown"

// TestLongUnifiedURL: two regions of a fleet get a unified URL in addition to their own, also
// while they are live, and go back. If the certificate lacks a name, plan and status say so
// before anything changes.
func TestLongUnifiedURL(t *testing.T) {
	fleet := newUnifiedFleet(t)
	fleet.certify(t, "127.0.0.1")
	onlyChecks(t, "old versions", 5, "plan", fleet.shared, "unified-url-supported=Fail", "certificate-names=Warn", "unified-url=Warn")
	atVersion(t, "1.44.3") // the first of the lab's charts with alternate host names

	// before any change: the Secret lacks the name, and nothing answers there
	plan := onlyChecks(t, "before", 0, "plan", fleet.shared, "certificate-names=Warn", "unified-url=Warn")
	warned := []string{
		"the certificate in Secret unified-tls is for 127.0.0.1, not for localhost", "create secret tls unified-tls --cert tls.crt --key tls.key",
		"nothing answers at " + fleet.url + " yet", "create a DNS record for localhost that leads users to the nearest satellite (GeoDNS)",
	}
	saysAll(t, "plan", plan.Stdout, warned)
	fleet.certify(t, "127.0.0.1", "localhost")
	onlyChecks(t, "with the name", 0, "plan", fleet.shared, "unified-url=Warn")

	// installed with the unified URL from the beginning
	if err := fleet.line.Join(); err != nil {
		t.Fatal(err)
	}
	plugin(t, 0, "migrate", "-f", fleet.shared, "--yes")
	for _, region := range []string{"sydney", "ohio"} {
		served(t, region, fleet.url, "127.0.0.1,localhost")
	}
	onlyChecks(t, "shared", 0, "status", fleet.shared, whenSwitched)
	if again := document[v1alpha1.MigrationReport](t, 0, "migrate", "-f", fleet.shared,
		"--yes"); again.Outcome != v1alpha1.OutcomeNothingToDo {
		t.Errorf("a second migrate: outcome %s", again.Outcome)
	}

	// a live region changes back to its own URL, and to the unified one again
	onlyChecks(t, "the fleet has none", 0, "status", fleet.alone, "unified-url=Warn", whenSwitched)
	for _, change := range []struct{ file, from, to, names string }{
		{fleet.alone, fleet.url, "", ""},
		{fleet.shared, "", fleet.url, "127.0.0.1,localhost"},
	} {
		plan := document[v1alpha1.Plan](t, 0, "plan", "-f", change.file)
		for _, region := range plan.Regions {
			own := lab.Region(region.Name).AccessURL
			step := stepOf(region, "install-satellite")
			want := fmt.Sprintf("access URL %s -> %s", or(change.from, own), or(change.to, own))
			if region.Outcome != v1alpha1.OutcomeChangesPending || step.Action != v1alpha1.ActionChange || !contains(step.Details, want) {
				t.Errorf("region %s: outcome %s, %s: %v, want %q", region.Name, region.Outcome, step.Action, step.Details, want)
			}
		}
		plugin(t, 0, "migrate", "-f", change.file, "--yes")
		for _, region := range []string{"sydney", "ohio"} {
			served(t, region, or(change.to, lab.Region(region).AccessURL), change.names)
		}
		onlyChecks(t, "changed", 0, "status", change.file, whenSwitched)
	}

	// a satellite that serves a certificate without the name
	fleet.certify(t, "127.0.0.1")
	kubectl(t, "ohio", "--namespace", inlab.SatelliteNamespace, "rollout", "restart", "deployment", "coderd")
	kubectl(t, "ohio", "--namespace", inlab.SatelliteNamespace, "rollout", "status", "deployment", "coderd", "--timeout", "60s")
	eventually(t, "a pod with the other certificate", func() bool {
		return slices.Contains(notPassed(document[v1alpha1.StatusReport](t, 0, "status", "-f", fleet.shared).Regions[1].Checks),
			"unified-url=Warn")
	})
	status := plugin(t, 0, "status", "-f", fleet.shared, "--region", "ohio")
	saysAll(t, "status", status.Stdout, []string{
		"the satellite at " + lab.Region("ohio").AccessURL + " serves a certificate for 127.0.0.1, not for the unified URL's host localhost",
	})
}

// newUnifiedFleet writes the Fleets. The certificates come from the test's own authority, which
// the Fleets trust.
func newUnifiedFleet(t *testing.T) unifiedFleet {
	t.Helper()
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	known, err := os.ReadFile(lab.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	ca := writeInLab(t, "ca.pem", slices.Concat(known, authority.PEM()))
	values := writeInLab(t, "values.yaml", []byte("coderd: {tls: {hostSecretName: "+unifiedSecret+"}}\n"))
	line, err := inlab.NewLine(hostOf(t, lab.Region("sydney").AccessURL))
	if err != nil {
		t.Fatal(err)
	}
	line.Cut()
	t.Cleanup(line.Cut)
	entrance, err := url.Parse("https://" + line.Address)
	if err != nil {
		t.Fatal(err)
	}
	fleet := unifiedFleet{line: line, authority: authority, url: "https://localhost:" + entrance.Port()}
	write := func(unified string) string {
		return editedFleet(t, func(file *v1alpha1.Fleet) {
			file.Coder.CAFile, file.UnifiedURL, file.Defaults.Values = ca, unified, []string{values}
			file.Regions = slices.DeleteFunc(file.Regions, func(region v1alpha1.Region) bool { return region.Name == "london" }) // it uses localhost as its own host
			for i := range file.Regions {
				file.Regions[i].Canary.Workspace = "none"
			}
		})
	}
	fleet.shared, fleet.alone = write(fleet.url), write("")
	t.Cleanup(func() {
		for _, region := range []string{"sydney", "ohio"} {
			resetRegion(t, region)
			kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "delete", "secret", unifiedSecret, "--ignore-not-found")
		}
	})
	return fleet
}

// certify stores a certificate for the names in the Secrets of both regions.
func (f unifiedFleet) certify(t *testing.T, names ...string) {
	t.Helper()
	certificate, key, err := f.authority.IssuePEM(names...)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"--cert", writeInLab(t, "tls.crt", certificate), "--key", writeInLab(t, "tls.key", key)}
	for _, region := range []string{"sydney", "ohio"} {
		namespaced := []string{"--namespace", inlab.SatelliteNamespace}
		kubectl(t, region, slices.Concat(namespaced, []string{"delete", "secret", unifiedSecret, "--ignore-not-found"})...)
		kubectl(t, region, slices.Concat(namespaced, []string{"create", "secret", "tls", unifiedSecret}, files)...)
	}
}

// atVersion sets the primary's version until the test ends.
func atVersion(t *testing.T, version string) {
	t.Helper()
	if err := lab.SetVersion(version); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.SetVersion("1.21.7"); err != nil {
			t.Error(err)
		}
	})
}

// onlyChecks fails the test unless the verb exits with the code, and in both regions exactly
// these checks do not pass, as "id=state". It returns the result in the format for people.
func onlyChecks(t *testing.T, when string, code int, verb, file string, want ...string) inlab.Result {
	t.Helper()
	for _, region := range []string{"sydney", "ohio"} {
		var results []v1alpha1.CheckResult
		if args := []string{verb, "-f", file, "--region", region}; verb == "plan" {
			results = document[v1alpha1.Plan](t, code, args...).Regions[0].Preflight
		} else {
			results = document[v1alpha1.StatusReport](t, code, args...).Regions[0].Checks
		}
		if diff := cmp.Diff(want, notPassed(results), cmpSorted()); diff != "" {
			t.Errorf("%s, %s of %s: checks that do not pass (-want +got):\n%s", when, verb, region, diff)
		}
	}
	return lab.Plugin(context.WithoutCancel(t.Context()), verb, "-f", file)
}

// notPassed lists the checks that neither passed nor were skipped, as "id=state".
func notPassed(results []v1alpha1.CheckResult) []string {
	var list []string
	for _, result := range results {
		if result.State != v1alpha1.CheckPass && result.State != v1alpha1.CheckSkipped {
			list = append(list, result.ID+"="+string(result.State))
		}
	}
	return list
}

// served fails the test unless the chart gave the region's pods this access URL and these
// alternate host names.
func served(t *testing.T, region, accessURL, names string) {
	t.Helper()
	value := func(name string) string {
		return kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "get", "deployment", "coderd",
			"-o", `jsonpath={.spec.template.spec.containers[0].env[?(@.name=="`+name+`")].value}`)
	}
	if got := value("CODER_SATELLITE_ACCESS_URL"); got != accessURL {
		t.Errorf("region %s: the access URL is %s, want %s", region, got, accessURL)
	}
	if got := value("CODER_ALTERNATE_HOSTNAMES"); got != names {
		t.Errorf("region %s: the alternate host names are %q, want %q", region, got, names)
	}
}

func stepOf(region v1alpha1.RegionPlan, name string) v1alpha1.StepPlan {
	i := slices.IndexFunc(region.Steps, func(step v1alpha1.StepPlan) bool { return step.Name == name })
	if i < 0 {
		return v1alpha1.StepPlan{}
	}
	return region.Steps[i]
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
