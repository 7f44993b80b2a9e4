package snapshot_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A region is unreachable as soon as one of its clusters does not answer, but not if a cluster
// refuses: someone has to look at that.
func TestNoAnswer(t *testing.T) {
	up := snapshot.Known(snapshot.Cluster{UID: "uid"})
	because := func(err error) snapshot.Fact[snapshot.Cluster] { return snapshot.Unknown[snapshot.Cluster](err) }
	silent := because(fmt.Errorf("as is: %w", &cluster.UnreachableError{Context: "far", Reason: "no answer", NoAnswer: true}))
	refuses := because(&cluster.UnreachableError{Context: "near", Reason: "401"})
	other := because(errors.New("the kubeconfig names no such context"))
	var unasked snapshot.Fact[snapshot.Cluster]
	type facts = snapshot.Fact[snapshot.Cluster]
	for name, test := range map[string]struct {
		satellite facts
		providers []facts
		want      bool
	}{
		"all answer":                     {up, []facts{up, up}, false},
		"the satellite's does not":       {silent, []facts{up}, true},
		"a provider's does not":          {up, []facts{up, silent}, true},
		"none does":                      {silent, []facts{silent, silent}, true},
		"no satellite, and it answers":   {unasked, []facts{up}, false},
		"no satellite, and it does not":  {unasked, []facts{silent}, true},
		"one refuses":                    {up, []facts{refuses}, false},
		"one is not known otherwise":     {other, []facts{up}, false},
		"one refuses, one is silent":     {refuses, []facts{up, silent}, true},
		"one is silent, one unknown":     {silent, []facts{other}, true},
		"nobody asked, so nobody failed": {unasked, []facts{unasked}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var views []*snapshot.Snapshot
			for _, provider := range test.providers {
				views = append(views, &snapshot.Snapshot{Cluster: test.satellite, ProviderCluster: provider})
			}
			ofProviders := snapshot.NoAnswer(views, false) != nil // a rollback asks only about the providers
			if want := slices.ContainsFunc(test.providers, func(f facts) bool { return errors.Is(f.Err(), silent.Err()) }); ofProviders != want {
				t.Errorf("of the providers' clusters alone: %v", ofProviders)
			}
			err := snapshot.NoAnswer(views, true)
			if (err != nil) != test.want || err != nil && err.Error() != `context "far": no answer` {
				t.Errorf("got %v", err)
			}
		})
	}
}
