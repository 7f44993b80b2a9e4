package health_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// losses has the facts that checks use, each with a function that makes it unknown.
func losses() map[string]func(*snapshot.Snapshot, error) {
	return map[string]func(*snapshot.Snapshot, error){
		"version":       func(s *snapshot.Snapshot, err error) { loseTo(&s.Primary.Version, err) },
		"served key":    func(s *snapshot.Snapshot, err error) { loseTo(&s.Primary.ServedKey, err) },
		"me":            func(s *snapshot.Snapshot, err error) { loseTo(&s.Primary.Me, err) },
		"provider":      func(s *snapshot.Snapshot, err error) { loseTo(&s.Provider, err) },
		"registrations": func(s *snapshot.Snapshot, err error) { loseTo(&s.Registrations, err) },
		"workspaces":    func(s *snapshot.Snapshot, err error) { loseTo(&s.Workspaces, err) },
		"canary":        func(s *snapshot.Snapshot, err error) { loseTo(&s.Canary, err) },
		"cluster":       func(s *snapshot.Snapshot, err error) { loseTo(&s.Cluster, err); loseTo(&s.ProviderCluster, err) },
		"rights": func(s *snapshot.Snapshot, err error) {
			loseTo(&s.MissingRights, err)
			loseTo(&s.MissingProviderRights, err)
		},
		"spec":         func(s *snapshot.Snapshot, err error) { loseTo(&s.Spec, err) },
		"chart":        func(s *snapshot.Snapshot, err error) { loseTo(&s.Chart, err) },
		"secrets":      func(s *snapshot.Snapshot, err error) { loseTo(&s.MissingSecrets, err) },
		"satellite":    func(s *snapshot.Snapshot, err error) { loseTo(&s.Satellite, err) },
		"legacy":       func(s *snapshot.Snapshot, err error) { loseTo(&s.Legacy, err) },
		"endpoint":     func(s *snapshot.Snapshot, err error) { loseTo(&s.Endpoint, err) },
		"certificates": func(s *snapshot.Snapshot, err error) { loseTo(&s.Certificates, err) },
		"journal": func(s *snapshot.Snapshot, err error) {
			loseTo(&s.ProviderJournal, err)
			loseTo(&s.SatelliteJournal, err)
		},
		"lock": func(s *snapshot.Snapshot, err error) { loseTo(&s.ProviderLock, err); loseTo(&s.SatelliteLock, err) },
	}
}

// needs lists, by check, the facts without which it must not pass.
func needs() map[string][]string {
	return map[string][]string{
		"primary-version": {"version"}, "primary-is-primary": {"served key"}, "primary-same": {"satellite", "journal"}, "operator-role": {"me"},
		"cluster-reachable": {"cluster"}, "region-distinct": {"cluster", "provider"}, "cluster-rights": {"rights"}, "provider-cluster": {"cluster"}, "provider-rights": {"rights"},
		"namespace-active": {"satellite"}, "namespace-separate": {"provider"},
		"provider-found": {"provider", "legacy"}, "provider-ready": {"provider"}, "networking-v2": {"version", "provider"},
		"workspaces-adopted": {"workspaces", "journal", "version", "provider"},
		"legacy-found":       {"legacy"}, "legacy-idle": {"legacy"}, "legacy-retained": {"legacy", "journal"}, "legacy-rollback-ready": {"legacy"}, "legacy-owner": {"legacy"}, "satellite-owner": {"satellite"},
		"chart-available": {"chart", "cluster"}, "values-valid": {"spec"}, "values-secrets": {"spec", "secrets"},
		"satellite-conflict": {"satellite"}, "satellite-idle": {"satellite"}, "satellite-installed": {"satellite"}, "satellite-ready": {"satellite"},
		"satellite-version": {"satellite", "version"},
		"access-url-free":   {"endpoint", "satellite"}, "access-url": {"endpoint", "satellite"}, "access-url-change": {"satellite"},
		"satellite-proxies": {"endpoint", "satellite", "version"},
		"certificate-valid": {"endpoint"}, "certificate-names": {"certificates"}, "devurl-certificate": {"certificates"},
		"unified-url": {"satellite"}, "unified-url-supported": {}, // both need more if there is a unified URL; see TestUnifiedUnknown
		"registration-name": {"registrations", "satellite"}, "satellite-registered": {"registrations", "satellite"},
		"canary": {"canary"}, "run-complete": {"journal", "lock"}, "satellite-run-complete": {"journal", "lock"},
	}
}

func loseTo[T any](fact *snapshot.Fact[T], err error) {
	*fact = snapshot.Unknown[T](err)
	if err == nil {
		*fact = snapshot.Fact[T]{} // it was never collected
	}
}

// reasons are the ways in which a fact becomes unknown. Some are a cause that several facts can
// share.
func reasons(fact string) map[string]error {
	return map[string]error{
		"not asked":   nil,
		"of its own":  fmt.Errorf("%s: %w", fact, errLost),
		"token":       expired("/api/" + fact),
		"proxy":       &coder.Error{Method: "GET", Host: "coder.example.com", Path: "/" + fact, Status: 502, Foreign: "text/html"},
		"no answer":   &coder.TransportError{Method: "GET", Host: "coder.example.com", Path: "/" + fact, Reason: "the answer was cut off"},
		"unreachable": cluster.Explain(fmt.Errorf("get %s: %w", fact, context.DeadlineExceeded), "sydney"),
	}
}

func expired(path string) error {
	return &coder.Error{Method: "GET", Host: "coder.example.com", Path: path, Status: 401, Message: "token expired", Advice: "log in"}
}

// Whichever facts are unknown: a check passes exactly if its facts are known, a region with a
// missing fact does not succeed, and evaluating is pure.
func TestUnknownIsNeverOK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, twin := healthy(), healthy()
		lost := map[string]bool{}
		for _, fact := range slices.Sorted(maps.Keys(losses())) {
			if !rapid.Bool().Draw(t, "lose "+fact) {
				continue
			}
			why := rapid.SampledFrom(slices.Sorted(maps.Keys(reasons(fact)))).Draw(t, fact+" is lost")
			lost[fact] = true
			losses()[fact](s, reasons(fact)[why])
			losses()[fact](twin, reasons(fact)[why])
		}
		results := health.Evaluate(health.All(), s)
		failed := slices.ContainsFunc(results, v1alpha1.CheckResult.Failed)
		for _, result := range results {
			without := slices.ContainsFunc(needs()[result.ID], func(fact string) bool { return lost[fact] })
			if passed := result.State == v1alpha1.CheckPass; passed == without {
				t.Errorf("without %v: %s is %s: %s", slices.Sorted(maps.Keys(lost)), result.ID, result.State, result.Message)
			}
			// rights are collected last, and only when there is something to change
			if without && result.Severity == v1alpha1.SeverityError && result.ID != "cluster-rights" && !failed {
				t.Errorf("without %v nothing fails, although %s is unknown", slices.Sorted(maps.Keys(lost)), result.ID)
			}
		}
		if diff := cmp.Diff(results, health.Evaluate(health.All(), s)); diff != "" {
			t.Errorf("evaluated twice: %s", diff)
		}
		if !reflect.DeepEqual(s, twin) {
			t.Error("evaluating changed the snapshot")
		}
	})
}

// Every check is listed in needs.
func TestNeedsAreComplete(t *testing.T) {
	if diff := cmp.Diff(slices.Sorted(slices.Values(ids(health.All()))), slices.Sorted(maps.Keys(needs()))); diff != "" {
		t.Errorf("(-checks +needs):\n%s", diff)
	}
}

// A cause is reported once, however many facts it makes unknown. Every other check that it
// affects names the one that reports it.
func TestOneCauseIsToldOnce(t *testing.T) {
	shared := []string{"token", "proxy", "no answer", "unreachable", "not asked"}
	marks := map[string]string{
		"token": "token expired", "proxy": "502", "no answer": "cut off", "unreachable": "did not answer in time", "not asked": "not collected",
	}
	rapid.Check(t, func(t *rapid.T) {
		why := rapid.SampledFrom(shared).Draw(t, "cause")
		s := healthy()
		for _, fact := range slices.Sorted(maps.Keys(losses())) {
			if fact != "rights" && rapid.Bool().Draw(t, "lose "+fact) {
				losses()[fact](s, reasons(fact)[why])
			}
		}
		var told []v1alpha1.CheckResult
		results := health.Evaluate(health.All(), s)
		for _, result := range results {
			if strings.Contains(result.Message, marks[why]) {
				told = append(told, result)
			}
		}
		heavy := slices.ContainsFunc(told, func(r v1alpha1.CheckResult) bool { return r.Severity == v1alpha1.SeverityError })
		// a warning may come first, since it does not hide a later error
		if len(told) > 2 || len(told) == 2 && (!heavy || told[0].Severity != v1alpha1.SeverityWarning) {
			t.Errorf("reported %d times: %+v", len(told), told)
		}
		for _, result := range results {
			if _, first, quiet := strings.Cut(result.Message, "for the same reason as "); quiet &&
				!slices.ContainsFunc(told, func(r v1alpha1.CheckResult) bool { return r.ID == first }) {
				t.Errorf("%s names %s, which does not report the cause", result.ID, first)
			}
		}
	})
}
