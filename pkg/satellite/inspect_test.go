package satellite

import (
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// If the satellite is not ready, Blocker has the last event of the object that blocks it. A
// satellite without a release has no blocker.
func TestInspectBlocker(t *testing.T) {
	server := newReleaseServer(t, "helm", time.Unix(1_600_000_000, 0), release.StatusSuperseded, release.StatusDeployed)
	deployment := rolling()
	deployment.APIVersion, deployment.Kind = "apps/v1", "Deployment"
	deployment.Annotations = map[string]string{"meta.helm.sh/release-name": "coder-satellite"}
	server.others = map[string]any{
		"/apis/apps/v1/namespaces/edge/deployments/coderd": deployment,
		"/api/v1/namespaces/edge/events": corev1.EventList{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "EventList"}, Items: []corev1.Event{{Message: "quota exceeded"}},
		},
	}
	state, err := At(server.access(t), "edge", "coder-satellite").Inspect(t.Context(), gitops.Owner{})
	if err != nil {
		t.Fatal(err)
	}
	if state.Revision != 2 || state.LastStatus != "deployed" || state.Ready {
		t.Errorf("state %+v", state)
	}
	if want := "Deployment coderd: InProgress: Available: 0/1 (last event: quota exceeded)"; state.Blocker != want {
		t.Errorf("blocker %q, want %q", state.Blocker, want)
	}
	server.records = nil
	state, err = At(server.access(t), "edge", "coder-satellite").Inspect(t.Context(), gitops.Owner{})
	if err != nil || state.Installed || state.Blocker != "" {
		t.Errorf("without a release: %+v, %v", state, err)
	}
}
