package health_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// An expired token makes several facts unknown: the operator, the providers with everything that
// depends on them, and the registrations. The report states the cause once.
func TestExpiredTokenIsToldOnce(t *testing.T) {
	s := healthy()
	loseTo(&s.Primary.Me, expired("/api/v0/users/me"))
	loseTo(&s.Primary.Providers, expired("/api/private/resource-pools"))
	loseTo(&s.Provider, s.Primary.Providers.Err())
	loseTo(&s.Canary, fmt.Errorf("the provider is unknown: %w", s.Provider.Err()))
	loseTo(&s.Registrations, expired("/api/private/satellites"))
	var got []string
	for _, result := range health.Evaluate(health.All(), s) {
		if result.State != v1alpha1.CheckPass {
			got = append(got, fmt.Sprintf("%s %s: %s", result.ID, result.State, result.Message))
		}
	}
	want := []string{
		"operator-role Fail: GET coder.example.com/api/v0/users/me: 401 unauthorized: token expired; log in",
		"region-distinct Skipped: the provider is unknown; no other region's satellite has this place",
		"namespace-separate Skipped: the provider is unknown",
		"provider-found Skipped: unknown for the same reason as operator-role",
		"provider-ready Skipped: the provider is unknown",
		"networking-v2 Skipped: unknown for the same reason as operator-role",
		"workspaces-adopted Skipped: unknown for the same reason as operator-role",
		"registration-name Skipped: unknown for the same reason as operator-role",
		"satellite-registered Skipped: unknown for the same reason as operator-role",
		"canary Skipped: unknown for the same reason as operator-role",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	status := health.NewRegionStatus([]*snapshot.Snapshot{s}, health.ExpectMigrated)
	if status.Outcome != v1alpha1.OutcomeFailed || status.Phase != v1alpha1.PhaseUnknown {
		t.Errorf("outcome %s, phase %s", status.Outcome, status.Phase)
	}
}

// Causes that only look alike are reported separately. Otherwise the operator would fix one
// problem and only then see the next.
func TestCausesAreToldApart(t *testing.T) {
	unlike := func(status int, host string) error {
		return &coder.Error{Method: "GET", Host: host, Path: "/" + host, Status: status}
	}
	for name, causes := range map[string][2]error{
		"two hosts":            {unlike(401, "a.example.com"), unlike(401, "b.example.com")},
		"two statuses":         {unlike(401, "a.example.com"), unlike(503, "a.example.com")},
		"bugs of the server":   {&coder.Error{Host: "a", Path: "/x", Status: 500}, &coder.Error{Host: "a", Path: "/y", Status: 500}},
		"two refusals":         {unlike(403, "a.example.com"), unlike(403, "b.example.com")},
		"two contexts":         {&cluster.UnreachableError{Context: "a", Reason: "x"}, &cluster.UnreachableError{Context: "b", Reason: "x"}},
		"two reasons":          {&cluster.UnreachableError{Context: "a", Reason: "x"}, &cluster.UnreachableError{Context: "a", Reason: "y"}},
		"two silences":         {&coder.TransportError{Host: "a", Reason: "x"}, &coder.TransportError{Host: "a", Reason: "y"}},
		"two silent hosts":     {&coder.TransportError{Host: "a", Reason: "x"}, &coder.TransportError{Host: "b", Reason: "x"}},
		"nothing in common":    {errors.New("one"), errors.New("other")},
		"a wrapped look-alike": {fmt.Errorf("one: %w", errLost), fmt.Errorf("other: %w", errLost)},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			s.Cluster = snapshot.Unknown[snapshot.Cluster](causes[0])
			s.Registrations = snapshot.Unknown[[]coder.Satellite](causes[1])
			results := health.Evaluate(health.Select("cluster-reachable", "registration-name"), s)
			for _, result := range results {
				if result.State == v1alpha1.CheckSkipped {
					t.Errorf("%s is %s: %s", result.ID, result.State, result.Message)
				}
			}
		})
	}
}

// Facts that one repair would restore share one report of the cause, however each words its
// error.
func TestCausesAreToldTogether(t *testing.T) {
	refusal := func(status int, path string) error {
		return &coder.Error{Host: "coder.example.com", Path: path, Status: status}
	}
	unreachable := func(asking string) error {
		return fmt.Errorf("%s: %w", asking, &cluster.UnreachableError{Context: "a", Reason: "x"})
	}
	for name, causes := range map[string][2]error{
		"one is the other's":     {errLost, fmt.Errorf("the provider is unknown: %w", errLost)},
		"in the same words":      {errors.New("the same"), errors.New("the same")},
		"one cluster":            {unreachable("one"), unreachable("other")},
		"one silent host":        {&coder.TransportError{Host: "a", Path: "/x", Reason: "x"}, &coder.TransportError{Host: "a", Path: "/y", Reason: "x"}},
		"an expired token":       {refusal(401, "/x"), refusal(401, "/y")},
		"no role":                {refusal(403, "/x"), refusal(403, "/y")},
		"a bad gateway":          {refusal(502, "/x"), refusal(502, "/y")},
		"an unavailable service": {refusal(503, "/x"), refusal(503, "/y")},
		"a gateway's timeout":    {refusal(504, "/x"), refusal(504, "/y")},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			s.Cluster = snapshot.Unknown[snapshot.Cluster](causes[0])
			s.Registrations = snapshot.Unknown[[]coder.Satellite](causes[1])
			results := health.Evaluate(health.Select("cluster-reachable", "registration-name"), s)
			if !results[0].Failed() || results[1].State != v1alpha1.CheckSkipped ||
				results[1].Message != "unknown for the same reason as cluster-reachable" {
				t.Errorf("%+v", results)
			}
		})
	}
}

// Of two warnings that lack the same fact, only the first reports it.
func TestWarningsAreToldOnce(t *testing.T) {
	s := healthy()
	lose(&s.Certificates)
	results := health.Evaluate(health.Select("certificate-names", "devurl-certificate"), s)
	if results[0].State != v1alpha1.CheckUnknown || results[1].State != v1alpha1.CheckSkipped {
		t.Errorf("%+v", results)
	}
}

// A warning does not hide a later check whose failure makes the region fail.
func TestWarningDoesNotSilenceError(t *testing.T) {
	s := healthy()
	lose(&s.Legacy)
	ready, _ := health.Find("legacy-rollback-ready") // a warning
	found, _ := health.Find("legacy-found")
	results := health.Evaluate([]health.Check{ready, found}, s)
	if results[0].State != v1alpha1.CheckUnknown || results[1].State != v1alpha1.CheckUnknown || !results[1].Failed() {
		t.Errorf("%+v", results)
	}
	results = health.Evaluate([]health.Check{found, ready}, s)
	if results[0].State != v1alpha1.CheckUnknown || results[1].State != v1alpha1.CheckSkipped {
		t.Errorf("%+v", results)
	}
}

// A cluster that rejects the credentials has answered, so the check fails. If it is silent, the
// result is unknown.
func TestRefusedCredentialsFail(t *testing.T) {
	refused := apierrors.NewUnauthorized("who is it?")
	for want, why := range map[v1alpha1.CheckState]error{v1alpha1.CheckFail: refused, v1alpha1.CheckUnknown: context.DeadlineExceeded} {
		s := healthy()
		loseTo(&s.Cluster, cluster.Explain(why, "sydney"))
		if got := health.Evaluate(health.Select("cluster-reachable"), s)[0]; got.State != want || strings.HasPrefix(got.Message, "unknown: ") != (want == v1alpha1.CheckUnknown) {
			t.Errorf("%v: %s, %s", why, got.State, got.Message)
		}
	}
}
