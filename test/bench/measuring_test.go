//go:build unix

package bench

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/measure"
)

// Measuring must not burden users or servers: at most four requests a second for a region, and 1%
// of a core. The figure includes the server, which runs in this process, too.
func TestMeasuring(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	defer server.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := coder.New(coder.Config{URL: server.URL, CAFile: authority})
	if err != nil {
		t.Fatal(err)
	}
	reach := func(ctx context.Context) error { return client.Reach(ctx, "/api") }
	for _, paths := range []int{1, 4, 10} {
		asked := make([]measure.Path, paths)
		for i := range asked {
			asked[i] = measure.Path{Name: "primary", Ask: reach}
		}
		requests.Store(0)
		const seconds = 10
		used := processorTime(t)
		watch := measure.Start(t.Context(), clock.RealClock{}, asked)
		<-time.After(seconds*time.Second - 100*time.Millisecond)
		perSecond := float64(requests.Load()) / seconds
		watch.Stop()
		share := float64(processorTime(t)-used) / float64(seconds*time.Second) * 100
		t.Logf("%2d paths: %.1f requests a second, %.2f%% of a core", paths, perSecond, share)
		if perSecond > 4 || share > 1 {
			t.Errorf("%d paths cost %.1f requests a second and %.2f%% of a core", paths, perSecond, share)
		}
	}
}

// processorTime is the CPU time that this process has used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
