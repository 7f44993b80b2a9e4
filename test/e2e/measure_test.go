package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// paths returns the measurements of the report's only region, by path.
func paths(t *testing.T, report v1alpha1.MigrationReport) map[string]v1alpha1.PathMeasurement {
	t.Helper()
	measured := report.Regions[0].Measured
	if measured == nil || measured.From == "" {
		t.Fatalf("nothing was measured: %+v", report.Regions[0])
	}
	byName := map[string]v1alpha1.PathMeasurement{}
	for _, path := range measured.Paths {
		byName[path.Path] = path
	}
	return byName
}

// TestMeasuredMigration: users of the primary and of the legacy path do not notice an undisturbed
// migration. The report says so for each path, and how much closer the region's users are now.
func TestMeasuredMigration(t *testing.T) {
	const region, far, near = "sydney", 150 * time.Millisecond, 20 * time.Millisecond
	t.Cleanup(func() { resetRegion(t, region) })
	t.Cleanup(func() {
		for _, name := range []string{"primary", region} {
			if err := lab.SetNetwork(name, 0, 0); err != nil {
				t.Error(err)
			}
		}
	})
	for _, err := range []error{lab.SetNetwork("primary", far, 0), lab.SetNetwork(region, near, 0)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	report := document[v1alpha1.MigrationReport](t, 0, on(region, "migrate", "--yes")...)
	measured := paths(t, report)
	for _, name := range []string{"primary", "legacy", "satellite"} {
		path, there := measured[name]
		if !there || path.Probes == 0 || path.URL == "" {
			t.Fatalf("the %s was not asked: %+v", name, measured)
		}
		t.Logf("%s: %d probes, %d failures, longest gap %d ms", name, path.Probes, path.Failures, path.LongestGapMilliseconds)
		if name != "satellite" && path.LongestGapMilliseconds >= 1000 {
			t.Errorf("the %s had a gap of %d ms", name, path.LongestGapMilliseconds)
		}
	}
	distance := report.Regions[0].Providers[0].After.Distance
	if distance == nil {
		t.Fatalf("no distance: %+v", measured)
	}
	ratio := float64(distance.PrimaryMicroseconds) / float64(distance.SatelliteMicroseconds)
	t.Logf("%d us to the primary before, %d us to the satellite now: %.2f", distance.PrimaryMicroseconds, distance.SatelliteMicroseconds, ratio)
	if ratio < 6.75 || ratio > 8.25 {
		t.Errorf("the satellite is %.2f times as near, and not 7.5", ratio)
	}
	status := document[v1alpha1.StatusReport](t, 0, on(region, "status")...)
	if kept := status.Regions[0].Providers[0].Distance; kept == nil || *kept != *distance {
		t.Errorf("status says %+v, the report %+v", kept, distance)
	}
}

// TestMeasuredGap: envproxy is killed at the switch, and returns some seconds later. The report
// says how long it was away, to within a second. --max-gap then fails the region, but nothing is
// undone.
func TestMeasuredGap(t *testing.T) {
	const region = "london"
	t.Cleanup(func() { resetRegion(t, region) })
	// the canary's rebuild starts late, so that envproxy is away meanwhile
	if err := lab.AddFault(codertest.Fault{Method: http.MethodPatch, Path: "/api/v0/workspaces/*", Delay: 12 * time.Second, Times: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.ClearFaults(); err != nil {
			t.Error(err)
		}
	})
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	var watching sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer watching.Wait()
	defer cancel()
	away := make(chan silence, 1)
	watching.Go(func() { away <- longestSilence(ctx, t, provider.EnvproxyAccessURL) })
	watching.Go(func() {
		for ctx.Err() == nil {
			if now, err := lab.Provider(region); err == nil && now.EnableNetV2 != nil && *now.EnableNetV2 {
				break
			}
			<-time.After(50 * time.Millisecond)
		}
		scale := func(replicas string) {
			if _, err := lab.Kubectl(context.WithoutCancel(ctx), region, "--namespace", inlab.LegacyNamespace, "scale", "deployment/envproxy", "--replicas", replicas); err != nil {
				t.Error(err)
			}
		}
		scale("0")
		<-time.After(4 * time.Second)
		scale("1")
	})
	report := document[v1alpha1.MigrationReport](t, 1, on(region, "migrate", "--yes", "--max-gap", "2s")...)
	cancel()
	truth, measured := <-away, paths(t, report)["legacy"]
	found := time.Duration(measured.LongestGapMilliseconds) * time.Millisecond
	t.Logf("envproxy was away for %s to %s, and %s were found (%d of %d probes failed)", truth.least, truth.most, found, measured.Failures, measured.Probes)
	if truth.least < 3*time.Second || found < truth.least-time.Second || found > truth.most+time.Second {
		t.Errorf("away for %s to %s, found: %s", truth.least, truth.most, found)
	}
	saysAll(t, "migrate", report.Regions[0].Error, []string{"nobody answered at " + provider.EnvproxyAccessURL + " (legacy) for", "longer than --max-gap 2s; nothing was undone"})
	networking(t, region, true)
	plugin(t, 0, on(region, "migrate", "--yes")...) // there is nothing left to do
}

// silence is how long there was no answer. The shortest estimate goes from the first to the last
// failed probe, the longest from the answer before to the answer after them.
type silence struct{ least, most time.Duration }

// longestSilence probes the URL twenty times a second until ctx ends.
func longestSilence(ctx context.Context, t *testing.T, url string) silence {
	pem, err := os.ReadFile(lab.CAFile)
	if err != nil {
		t.Error(err)
		return silence{}
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
	}}
	var longest silence
	var first, last time.Time // of the present failed probes
	for answered := time.Now(); ctx.Err() == nil; <-time.After(50 * time.Millisecond) {
		asked := time.Now()
		response, err := client.Get(url + "/healthz")
		if err != nil {
			if first.IsZero() {
				first = asked
			}
			last = asked
			continue
		}
		_ = response.Body.Close()
		longest.least, longest.most = max(longest.least, last.Sub(first)), max(longest.most, time.Since(answered))
		first, last, answered = time.Time{}, time.Time{}, asked
	}
	return longest
}
