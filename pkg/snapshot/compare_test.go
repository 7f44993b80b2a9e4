package snapshot_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestCompare(t *testing.T) {
	region := func(name, uid, provider string) *snapshot.Snapshot {
		s := &snapshot.Snapshot{Region: fleet.Region{Name: name}}
		s.Cluster = snapshot.Known(snapshot.Cluster{UID: uid})
		s.Provider = snapshot.Known(coder.Provider{ID: provider})
		return s
	}
	// what is unknown is no other region's, and neither is what is empty
	unknown := func(name string) *snapshot.Snapshot {
		s := &snapshot.Snapshot{Region: fleet.Region{Name: name}}
		s.Cluster = snapshot.Unknown[snapshot.Cluster](errors.New("lost"))
		return s
	}
	all := []*snapshot.Snapshot{
		region("a", "uid-1", "p1"), region("b", "uid-2", "p2"), region("c", "uid-1", "p3"), region("d", "uid-1", "p2"),
		unknown("e"), unknown("f"), region("g", "", ""), region("h", "", ""),
	}
	all[1].SameCluster = []string{"of an earlier look"}
	for range 2 { // comparing again changes nothing
		snapshot.Compare(all)
	}
	type same struct{ Cluster, Provider []string }
	got := map[string]same{}
	for _, s := range all {
		if len(s.SameCluster)+len(s.SameProvider) > 0 {
			got[s.Region.Name] = same{s.SameCluster, s.SameProvider}
		}
	}
	want := map[string]same{
		"a": {Cluster: []string{"c", "d"}},
		"b": {Provider: []string{"d"}},
		"c": {Cluster: []string{"a", "d"}},
		"d": {Cluster: []string{"a", "c"}, Provider: []string{"b"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPrimaryDocument(t *testing.T) {
	full := snapshot.Primary{
		URL: "https://coder.example.com", Version: snapshot.Known(version(t, "1.21.7")), Me: snapshot.Known(coder.User{Email: "ann@example.com"}),
	}
	for _, test := range []struct {
		primary snapshot.Primary
		want    v1alpha1.Primary
	}{
		{full, v1alpha1.Primary{URL: "https://coder.example.com", Version: "1.21.7", Operator: "ann@example.com"}},
		// an unknown version is left out, and is not 0.0.0
		{snapshot.Primary{URL: "https://coder.example.com"}, v1alpha1.Primary{URL: "https://coder.example.com"}},
	} {
		if diff := cmp.Diff(test.want, test.primary.Document()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
