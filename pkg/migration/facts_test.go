package migration

import (
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

const (
	ownKey         = "the satellite's own key"
	ownFingerprint = "SHA256:own"
)

func version(t *testing.T, text string) coder.Version {
	t.Helper()
	v, err := coder.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// fresh returns the facts of a region before its migration.
func fresh(t *testing.T) *snapshot.Snapshot {
	values := map[string]any{"coderd": map[string]any{"replicas": 1}}
	release := legacy.Release{Namespace: "coder", Name: "coder-workspace-provider", Revision: 1, LatestRevision: 1, Status: "deployed", ChartVersion: "1.20.0"}
	s := &snapshot.Snapshot{
		Region: fleet.Region{
			Name: "sydney", Satellite: fleet.Satellite{
				Context: "sydney", Namespace: "coder-satellite", Release: "coder-satellite", AccessURL: "https://coder-sydney.example.com",
			},
			Providers: []fleet.Provider{{Context: "sydney", Canary: fleet.CanaryAuto}}, Selector: "--context sydney",
		},
		Declared:      fleet.Provider{Context: "sydney", Canary: fleet.CanaryAuto},
		Registrations: snapshot.Known[[]coder.Satellite](nil),
		Provider:      snapshot.Known(coder.Provider{ID: "p", Name: "sydney", EnableNetV2: ptr.To(false)}),
		Canary: snapshot.Known(snapshot.Canary{Reason: "it is off", Workspace: coder.Workspace{
			ID: "w", Name: "canary", LastBuiltAt: testNow.Add(-time.Hour), LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerOff},
		}}),
		Cluster: snapshot.Known(snapshot.Cluster{UID: "uid"}), ProviderCluster: snapshot.Known(snapshot.Cluster{UID: "uid"}),
		Spec:      snapshot.Known(satellite.Spec{Values: values}),
		Chart:     snapshot.Known(&satellite.Chart{Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "coder", Version: "1.21.7"}}, Digest: "sha256:chart"}),
		Satellite: snapshot.Known(satellite.State{}),
		Legacy: snapshot.Known(snapshot.Legacy{
			Found: legacy.Found{Releases: []legacy.Release{release}}, Release: &release,
			Retention: legacy.Retention{Missing: []string{"no backup"}}, Readiness: legacy.Readiness{Ready: true},
		}),
		SatelliteJournal: snapshot.Known[*journal.Record](nil), ProviderJournal: snapshot.Known[*journal.Record](nil),
		Endpoint: snapshot.Known(snapshot.Endpoint{KeyErr: errNothing, Version: snapshot.Unknown[coder.Version](errNothing)}),
	}
	s.Primary.Version = snapshot.Known(version(t, "1.21.7"))
	return s
}

// migrated returns the facts of a region after its migration.
func migrated(t *testing.T) *snapshot.Snapshot {
	s := fresh(t)
	s.Registrations = snapshot.Known([]coder.Satellite{{ID: "r", Name: "sydney", Fingerprint: ownFingerprint}})
	provider := s.Provider.Value()
	provider.EnableNetV2 = ptr.To(true)
	s.Provider = snapshot.Known(provider)
	canary := s.Canary.Value()
	canary.Workspace.LastBuiltAt, canary.Workspace.LatestStat.ContainerStatus = testNow, coder.ContainerOn
	s.Canary = snapshot.Known(canary)
	s.Satellite = snapshot.Known(satellite.State{
		Installed: true, Revision: 1, LastRevision: 1, LastStatus: "deployed", Ready: true,
		ChartName: "coder", ChartVersion: "1.21.7", Values: s.Spec.Value().Values,
		PublicKey: ownKey, Fingerprint: ownFingerprint, LoadBalancer: []string{"203.0.113.7"},
	})
	state := s.Legacy.Value()
	state.Retention = legacy.Retention{Complete: true}
	s.Legacy = snapshot.Known(state)
	s.Endpoint = snapshot.Known(snapshot.Endpoint{
		Key: coder.SatelliteKey{Key: ownKey, Fingerprint: ownFingerprint}, Version: snapshot.Known(version(t, "1.21.7")),
	})
	s.SatelliteJournal = snapshot.Known(&journal.Record{Operation: "migrate", Outcome: "Succeeded"})
	s.ProviderJournal = snapshot.Known(&journal.Record{
		Operation: "migrate", Outcome: "Succeeded", Before: &journal.Before{NetworkingV2: ptr.To(false)},
		Canary:    &journal.Canary{ID: "w", Name: "canary", Proves: journal.ProvesSatellite, Asked: true, BuiltBefore: testNow.Add(-time.Hour), Rebuilt: true},
		Retention: &journal.Ledger{Namespace: "coder", Release: "coder-workspace-provider", Revision: 1},
	})
	return s
}
