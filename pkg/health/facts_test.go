package health_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// errLost is the reason why facts are unknown in these tests.
var errLost = errors.New("the answer got lost")

const (
	ownKey         = "the satellite's own key"
	ownFingerprint = "SHA256:own"
	primaryURL     = "https://coder.example.com"
	envproxyURL    = "https://envproxy.example.com"
	accessURL      = "https://coder-sydney.example.com"
)

// satelliteValues are the Helm values of a satellite's release.
func satelliteValues(primary, access string) map[string]any {
	return map[string]any{"coderd": map[string]any{"satellite": map[string]any{"enable": true, "primaryURL": primary, "accessURL": access}}}
}

// version parses a version from a test's source, which is known to be valid.
func version(text string) coder.Version {
	v, _ := coder.ParseVersion(text)
	return v
}

// healthy returns the facts of a region after its migration. They pass every check.
func healthy() *snapshot.Snapshot {
	release := legacy.Release{
		Namespace: "coder", Name: "coder-workspace-provider", Revision: 1, LatestRevision: 1, Status: "deployed",
		ChartName: "workspace-provider", ChartVersion: "1.20.0", AccessURL: envproxyURL + "/",
	}
	taken := time.Date(2022, 3, 4, 5, 6, 7, 0, time.UTC)
	return &snapshot.Snapshot{
		Region: fleet.Region{
			Name: "sydney", Satellite: fleet.Satellite{
				Context: "sydney", Namespace: "coder-satellite", Release: "coder-satellite", AccessURL: accessURL,
			},
			Providers: []fleet.Provider{{Context: "sydney", Canary: fleet.CanaryAuto}}, Selector: "--context sydney",
		},
		Declared: fleet.Provider{Context: "sydney", Canary: fleet.CanaryAuto},
		Taken:    taken,
		Primary: snapshot.Primary{
			URL:       primaryURL,
			Version:   snapshot.Known(version("1.21.7")),
			Me:        snapshot.Known(coder.User{ID: "u", Email: "ann@example.com", Roles: []string{"site-manager"}}),
			Providers: snapshot.Known([]coder.Provider{{ID: "p", Name: "sydney"}}),
			ServedKey: snapshot.Known(coder.SatelliteKey{}),
		},
		Registrations: snapshot.Known([]coder.Satellite{
			{ID: "r1", Name: "london", Fingerprint: "SHA256:london"}, {ID: "r2", Name: "sydney", Fingerprint: ownFingerprint},
		}),
		Provider: snapshot.Known(coder.Provider{
			ID: "p", Name: "sydney", Status: "ready", EnableNetV2: ptr.To(true), EnvproxyAccessURL: envproxyURL, Config: coder.ProviderConfig{DefaultNamespace: "coder"},
		}),
		Canary: snapshot.Known(snapshot.Canary{Workspace: coder.Workspace{
			ID: "w", Name: "canary", LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerOn},
		}}),
		Workspaces: snapshot.Known([]coder.Workspace{
			{ID: "w", Name: "canary", LastBuiltAt: taken, LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerOn}},
		}),
		Cluster:               snapshot.Known(snapshot.Cluster{UID: "uid", Server: "https://api.sydney.example.com", Version: "v1.29.3"}),
		ProviderCluster:       snapshot.Known(snapshot.Cluster{UID: "uid", Server: "https://api.sydney.example.com", Version: "v1.29.3"}),
		MissingProviderRights: snapshot.Known[[]cluster.Rule](nil),
		MissingRights:         snapshot.Known[[]cluster.Rule](nil),
		Spec:                  snapshot.Known(satellite.Spec{}),
		Chart:                 snapshot.Known(&satellite.Chart{Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "coder", Version: "1.21.7", KubeVersion: ">= 1.19.0-0"}}}),
		MissingSecrets:        snapshot.Known[[]string](nil),
		Satellite: snapshot.Known(satellite.State{
			Installed: true, Revision: 1, LastRevision: 1, LastStatus: "deployed", Ready: true, NamespacePhase: "Active",
			ChartName: "coder", ChartVersion: "1.21.7", AppVersion: "1.21.7", PublicKey: ownKey, Fingerprint: ownFingerprint,
			Values: satelliteValues(primaryURL, accessURL),
		}),
		Legacy: snapshot.Known(snapshot.Legacy{
			Found:     legacy.Found{Releases: []legacy.Release{release}},
			Release:   &release,
			Retention: legacy.Retention{Complete: true},
			Readiness: legacy.Readiness{Ready: true},
			AccessURL: envproxyURL,
		}),
		SatelliteJournal: snapshot.Known(&journal.Record{
			Operation: "migrate", Operator: "ann@example.com", Primary: primaryURL, Outcome: v1alpha1.OutcomeSucceeded, Started: taken, Updated: taken,
		}),
		ProviderJournal: snapshot.Known(&journal.Record{
			Operation: "migrate", Operator: "ann@example.com", Primary: primaryURL, Outcome: v1alpha1.OutcomeSucceeded, Started: taken, Updated: taken,
			Retention: &journal.Ledger{Namespace: "coder", Release: "coder-workspace-provider", Revision: 1},
			Switched:  &journal.Switch{On: true, At: taken, LatestBuild: ptr.To(taken.Add(-time.Minute))},
		}),
		SatelliteLock: snapshot.Known(&lock.State{}),
		ProviderLock:  snapshot.Known(&lock.State{}),
		Endpoint: snapshot.Known(snapshot.Endpoint{
			Key: coder.SatelliteKey{Key: ownKey, Fingerprint: ownFingerprint}, Version: snapshot.Known(version("1.21.7")),
			Certificate: certified(taken.AddDate(0, 3, 0), "coder-sydney.example.com"),
		}),
		Certificates: snapshot.Known(snapshot.Certificates{
			Host: held("coder-satellite-tls", certified(taken.AddDate(0, 3, 0), "coder-sydney.example.com")),
		}),
	}
}

// edit changes the value of a known fact.
func edit[T any](fact *snapshot.Fact[T], change func(*T)) {
	value := fact.Value()
	change(&value)
	*fact = snapshot.Known(value)
}

// lose makes a fact unknown.
func lose[T any](fact *snapshot.Fact[T]) { *fact = snapshot.Unknown[T](errLost) }

// answer evaluates one check on its own.
func answer(t testing.TB, id string, s *snapshot.Snapshot) v1alpha1.CheckResult {
	t.Helper()
	check, ok := health.Find(id)
	if !ok {
		t.Fatalf("there is no check %q", id)
	}
	return health.Evaluate([]health.Check{check}, s)[0]
}

// row is the answer that one check must give after a change to the healthy facts.
type row struct {
	check  string
	change func(s *snapshot.Snapshot)
	want   v1alpha1.CheckState
	// says is a part of the message, try a part of the hint.
	says, try string
}

// answers runs each row as a subtest of that name.
func answers(t *testing.T, rows map[string]row) {
	t.Helper()
	for name, r := range rows {
		t.Run(r.check+"/"+name, func(t *testing.T) {
			s := healthy()
			r.change(s)
			got := answer(t, r.check, s)
			if got.State != r.want || !strings.Contains(got.Message, r.says) || !strings.Contains(got.Hint, r.try) {
				t.Errorf("%s %q, hint %q\nwant %s %q, hint %q", got.State, got.Message, got.Hint, r.want, r.says, r.try)
			}
			if bad := got.State == v1alpha1.CheckFail || got.State == v1alpha1.CheckWarn; bad && got.Hint == "" {
				t.Error("there is no hint")
			}
			if got.State == v1alpha1.CheckUnknown && r.try == "" && got.Hint != "" {
				t.Errorf("the hint %q would not help", got.Hint)
			}
		})
	}
}
