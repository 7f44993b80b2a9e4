package migration

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A rollback does not need the satellite's cluster, whether that is silent or rejects the
// credentials, unless it also removes the satellite.
func TestRollbackPassesBySatellitesCluster(t *testing.T) {
	for _, why := range []error{context.DeadlineExceeded, apierrors.NewUnauthorized("who is it?")} {
		for _, removes := range []bool{false, true} {
			s := migrated(t)
			s.Cluster = snapshot.Unknown[snapshot.Cluster](cluster.Explain(why, "sydney"))
			told := false
			for _, r := range preflightRollback(RollbackOptions{RemoveSatellite: removes})(s) {
				if r.ID == "region-distinct" {
					told = true
					if r.Failed() != removes || !removes && r.State != v1alpha1.CheckWarn {
						t.Errorf("%v, removing %t: %s: %s", why, removes, r.State, r.Message)
					}
				}
			}
			if !told {
				t.Error("region-distinct is not asked")
			}
		}
	}
}
