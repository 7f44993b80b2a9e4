package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// refusedAll fails the test unless every verb that changes a region is refused because of the
// check, status fails, and nothing is written.
func refusedAll(t *testing.T, check string, says []string, args ...string) {
	t.Helper()
	refused(t, check, says, args...)
	before := marks(t)
	for _, verb := range [][]string{
		{"retain", "--yes"}, {"rollback", "--yes"}, {"rollback", "--yes", "--remove-satellite", "--force", "--reason", "test"},
		{"remove", "--yes", "--force", "--reason", "test"}, {"finalize", "--yes"},
	} {
		report := document[v1alpha1.MigrationReport](t, 5, slices.Concat(verb, args)...)
		if !stopped(report.Regions[0].Preflight, check) {
			t.Errorf("%v was not stopped by %s: %+v", verb, check, report.Regions[0].Preflight)
		}
	}
	status := document[v1alpha1.StatusReport](t, 1, slices.Concat([]string{"status"}, args)...)
	if !stopped(status.Regions[0].Checks, check) {
		t.Errorf("status is content with %s: %+v", check, status.Regions[0].Checks)
	}
	quiet(t, before)
}

// TestSatelliteAsPrimary: users may be logged in at a satellite's URL, and its API looks like the
// primary's.
func TestSatelliteAsPrimary(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "sydney") })
	finishes(t, "sydney")
	satellite := lab.Region("sydney").AccessURL
	through := func(region string) string {
		return oneRegion(t, region, func(fleet *v1alpha1.Fleet, region *v1alpha1.Region) {
			fleet.Coder.URL = satellite
			if region.Name == "sydney" {
				region.AccessURL = "https://localhost:9" // the Fleet's access URL must not matter
			}
		})
	}
	token := []string{"--coder-token-file", lab.TokenFiles["manager"]}
	refusedAll(t, "primary-is-primary", []string{satellite + ` leads to the satellite "sydney", not to the primary`, "coder login"}, append(token, "-f", through("london"))...)
	refusedAll(t, "primary-is-primary", []string{satellite + ` is the access URL of region "sydney"`, "coder login " + lab.PrimaryURL}, append(token, "-f", through("sydney"))...)
	ruleHolds(t, "sydney")
}

// TestAnotherPrimary: a staging deployment uses the same clusters, with its own provider for
// each.
func TestAnotherPrimary(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "ohio") })
	finishes(t, "ohio")
	if record := recordOf(t, "ohio"); record.Primary != lab.PrimaryURL {
		t.Errorf("the journal names the primary %q", record.Primary)
	}
	staging, args := stagingOf(t, "ohio")
	says := []string{"the satellite was installed for the primary " + lab.PrimaryURL, "the journal names the primary " + lab.PrimaryURL, "but this one is " + staging}
	refusedAll(t, "primary-same", says, args...)
	ruleHolds(t, "ohio")
}

// stagingOf starts another primary with a provider for the region, until the test ends. It
// returns its URL and the arguments that select it.
func stagingOf(t *testing.T, region string) (url string, args []string) {
	t.Helper()
	primary, err := codertest.NewPrimary(codertest.Options{Version: "1.21.7"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Close)
	operator := primary.AddUser("manager@example.com", codertest.RoleManager)
	provider := primary.AddProvider(codertest.Provider{
		Name: region, EnvproxyAccessURL: lab.Region(region).EnvproxyURL,
		Config: codertest.ProviderConfig{ClusterAddress: lab.Region(region).Server, DefaultNamespace: "coder"},
	})
	primary.AddWorkspace(codertest.Workspace{Name: "canary", UserID: operator.ID, ResourcePoolID: provider.ID})
	ca, err := os.ReadFile(lab.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	fleet := oneRegion(t, region, func(fleet *v1alpha1.Fleet, region *v1alpha1.Region) {
		fleet.Coder.URL, region.Canary.Workspace = primary.URL(), "canary"
	})
	return primary.URL(), []string{
		"-f", fleet, "--coder-ca-file", writeInLab(t, "ca.pem", slices.Concat(ca, primary.CA())),
		"--coder-token-file", writeInLab(t, "token", []byte(primary.Token(operator.ID))),
	}
}

// TestProviderBehindAnotherAddress: no provider has the context's address. A named provider of
// another cluster is detected by its envproxy.
func TestProviderBehindAnotherAddress(t *testing.T) {
	server := byName(lab.Region("sydney").Server)
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) { config.Clusters["sydney"].Server = server })
	named := func(provider string) []string {
		fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Provider = provider })
		return []string{"-f", fleet, "--kubeconfig", kubeconfig}
	}
	refused(t, "provider-found", []string{
		`provider "london" is reached at ` + lab.Region("london").EnvproxyURL,
		`the legacy release coder/coder-workspace-provider of context "sydney" serves ` + lab.Region("sydney").EnvproxyURL,
	}, named("london")...)
	plugin(t, 2, append([]string{"plan", "--detailed-exitcode"}, named("sydney")...)...)
}

// TestAccessURLToNowhere: a satellite in use is not upgraded to an access URL whose name cannot
// be resolved. The machine's resolver may also not answer at all, and then the run must stop as
// well.
func TestAccessURLToNowhere(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	finishes(t, "london")
	const nowhere = "https://coder-london.invalid"
	mistyped := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.AccessURL = nowhere })
	refused(t, "access-url-change", []string{"access-url-change", "coder-london.invalid"}, "-f", mistyped)
	known := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) {
		region.AccessURL, region.ConnectTo = nowhere, hostOf(t, lab.Region("london").AccessURL)
	})
	plan := plugin(t, 0, "plan", "-f", known)
	saysAll(t, "plan", plan.Stdout, []string{"access URL " + lab.Region("london").AccessURL + " -> " + nowhere})
	ruleHolds(t, "london")
}

// TestPlanFileWhole: the plan's intended changes count, and not only the facts that it is based
// on.
func TestPlanFileWhole(t *testing.T) {
	freshLegacy(t, "ohio")
	fleet := oneRegion(t, "ohio", func(*v1alpha1.Fleet, *v1alpha1.Region) {})
	plan, file := planned(t, fleet)
	for says, edit := range map[string]func(*v1alpha1.RegionPlan){
		"step 1 was (none) when planned and is preflight (None) now":                      func(r *v1alpha1.RegionPlan) { r.Steps = []v1alpha1.StepPlan{} },
		"was install-satellite (None) when planned and is install-satellite (Change) now": func(r *v1alpha1.RegionPlan) { r.Steps[1].Action = v1alpha1.ActionNone },
		"outcome was NothingToDo when planned and is ChangesPending now":                  func(r *v1alpha1.RegionPlan) { r.Outcome = v1alpha1.OutcomeNothingToDo },
		"id was another when planned and is " + plan.Regions[0].Providers[0].ID + " now":  func(r *v1alpha1.RegionPlan) { r.Providers[0].ID = "another" },
		"context was sydney when planned and is ohio now":                                 func(r *v1alpha1.RegionPlan) { r.Satellite.Context = "sydney" },
	} {
		other := *plan.DeepCopy()
		edit(&other.Regions[0])
		refusesPlan(t, fleet, editedPlan(t, other, false, func(*v1alpha1.RegionPlan) {}), says)
	}
	region := lab.Region("ohio")
	elsewhere := hostOf(t, strangeServer(t))
	for says, edit := range map[string]func(*v1alpha1.Fleet, *v1alpha1.Region){
		"release was coder-satellite when planned and is other now":                            func(_ *v1alpha1.Fleet, r *v1alpha1.Region) { r.Release = "other" },
		"namespace was coder-satellite when planned and is other now":                          func(_ *v1alpha1.Fleet, r *v1alpha1.Region) { r.Namespace = "other" },
		"accessURL was " + region.AccessURL + " when planned and is https://localhost:9 now":   func(_ *v1alpha1.Fleet, r *v1alpha1.Region) { r.AccessURL = "https://localhost:9" },
		"connectTo was (none) when planned and is " + hostOf(t, region.AccessURL) + " now":     func(_ *v1alpha1.Fleet, r *v1alpha1.Region) { r.ConnectTo = hostOf(t, region.AccessURL) },
		"chartRepo was " + lab.RepoURL + " when planned and is https://" + elsewhere + "/ now": func(f *v1alpha1.Fleet, _ *v1alpha1.Region) { f.Chart.Repo = "https://" + elsewhere + "/" },
		"outcome was ChangesPending when planned and is PreflightFailed now":                   func(_ *v1alpha1.Fleet, r *v1alpha1.Region) { r.Canary.Workspace = "no-such" },
	} {
		refusesPlan(t, oneRegion(t, "ohio", edit), file, says)
	}
	if record := recordOf(t, "ohio"); record != nil && strings.Contains(record.PlanFingerprint, plan.Regions[0].Fingerprint) {
		t.Error("the plan was carried out")
	}
}
