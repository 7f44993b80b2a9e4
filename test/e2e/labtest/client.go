package labtest

import (
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Agent is the user agent of the clients that tests are given, so that audit
// logs tell their requests from the plugin's.
const Agent = "labtest"

// Client returns a client of a region's API server, as the operator.
func (l *Lab) Client(t testing.TB, region string) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(l.Config(t, region))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Config returns the operator's access to a region's API server.
func (l *Lab) Config(t testing.TB, region string) *rest.Config {
	t.Helper()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: l.KubeconfigFile},
		&clientcmd.ConfigOverrides{CurrentContext: region},
	).ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	config.UserAgent, config.QPS, config.Burst = Agent, 50, 100
	return config
}

// Eventually polls until try returns nil, and fails the test if that takes
// longer than the timeout.
func Eventually(t testing.TB, timeout time.Duration, try func() error) {
	t.Helper()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("not within %s: %v", timeout, err)
		case <-t.Context().Done():
			t.Fatalf("the test ended first: %v", err)
		case <-ticker.C:
		}
	}
}
