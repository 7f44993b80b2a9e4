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
	view := func(name, uid, namespace, provider string) *snapshot.Snapshot {
		s := &snapshot.Snapshot{Region: fleet.Region{Name: name, Satellite: fleet.Satellite{Context: name, Namespace: namespace}}}
		s.Cluster = snapshot.Known(snapshot.Cluster{UID: uid})
		s.Provider = snapshot.Known(coder.Provider{ID: provider})
		return s
	}
	// unknown and empty facts match no other region's
	unknown := func(name string) *snapshot.Snapshot {
		s := &snapshot.Snapshot{Region: fleet.Region{Name: name}}
		s.Cluster = snapshot.Unknown[snapshot.Cluster](errors.New("lost"))
		return s
	}
	all := [][]*snapshot.Snapshot{
		{view("a", "uid-1", "edge", "p1")}, {view("b", "uid-2", "edge", "p2")}, {view("c", "uid-1", "edge", "p3")},
		{view("d", "uid-1", "elsewhere", "p2")}, // another satellite in the same cluster, in its own namespace
		{unknown("e")}, {unknown("f")}, {view("g", "", "edge", "")}, {view("h", "", "edge", "")},
		{view("i", "uid-3", "edge", "p4"), view("i", "uid-3", "edge", "p4")}, // one provider, named in two ways
	}
	all[1][0].SamePlace = []string{"of an earlier look"}
	for range 2 { // comparing again changes nothing
		snapshot.Compare(all)
	}
	type same struct{ Place, Provider []string }
	got := map[string]same{}
	for _, views := range all {
		for _, s := range views {
			if len(s.SamePlace)+len(s.SameProvider) > 0 {
				got[s.Region.Name] = same{s.SamePlace, s.SameProvider}
			}
		}
	}
	want := map[string]same{
		"a": {Place: []string{"c"}},
		"b": {Provider: []string{"d"}},
		"c": {Place: []string{"a"}},
		"d": {Provider: []string{"b"}},
		"i": {Provider: []string{"i"}},
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
		// an unknown version is left out rather than printed as 0.0.0
		{snapshot.Primary{URL: "https://coder.example.com"}, v1alpha1.Primary{URL: "https://coder.example.com"}},
	} {
		if diff := cmp.Diff(test.want, test.primary.Document()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
