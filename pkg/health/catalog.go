// Package health answers the questions that status and preflight ask about a region. Each check is a pure function of a
// snapshot, with a stable ID, a severity and a hint; an unknown is never a pass.
package health

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Check is one question about a region.
type Check struct {
	Info     v1alpha1.CheckInfo
	Evaluate func(*snapshot.Snapshot) Answer // reads the snapshot alone
	asked    asked
}

// asked is when a check is asked: by status, before a migration, or both. Status gathers no facts about changes.
type asked int

const (
	statusOnly asked = iota
	preflight
	preflightOnly
)

// Answer is what a check finds.
type Answer struct {
	State   v1alpha1.CheckState
	Message string // one sentence: what was found
	Hint    string // what to do about it
	cause   error  // why a fact is missing; nil if none is
}

// A check fails its region, or only warns.
const fails, warns = v1alpha1.SeverityError, v1alpha1.SeverityWarning

func check(category, id string, severity v1alpha1.Severity, when asked, evaluate func(*snapshot.Snapshot) Answer) Check {
	return Check{asked: when, Evaluate: evaluate, Info: v1alpha1.CheckInfo{ID: id, Category: category, Severity: severity, Preflight: when != statusOnly}}
}

// of returns the evaluation of a check about a fact: unknown without the fact.
func of[T any](fact func(*snapshot.Snapshot) snapshot.Fact[T], judge func(*snapshot.Snapshot, T) Answer) func(*snapshot.Snapshot) Answer {
	return func(s *snapshot.Snapshot) Answer {
		value, known := fact(s).Get()
		if !known {
			return unknown(fact(s).Err(), "")
		}
		return judge(s, value)
	}
}

// The facts that several checks are about.
func satelliteFact(s *snapshot.Snapshot) snapshot.Fact[satellite.State] { return s.Satellite }
func legacyFact(s *snapshot.Snapshot) snapshot.Fact[snapshot.Legacy]    { return s.Legacy }
func certificatesFact(s *snapshot.Snapshot) snapshot.Fact[snapshot.Certificates] {
	return s.Certificates
}
func registrationsFact(s *snapshot.Snapshot) snapshot.Fact[[]coder.Satellite] { return s.Registrations }

func pass(format string, args ...any) Answer {
	return Answer{State: v1alpha1.CheckPass, Message: fmt.Sprintf(format, args...)}
}

func skip(format string, args ...any) Answer {
	return Answer{State: v1alpha1.CheckSkipped, Message: fmt.Sprintf(format, args...)}
}

// fail answers no. Evaluate turns it into a warning if that is the check's severity.
func fail(hint, format string, args ...any) Answer {
	return Answer{State: v1alpha1.CheckFail, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// warn answers no, but never fails the check.
func warn(hint, format string, args ...any) Answer {
	return Answer{State: v1alpha1.CheckWarn, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// unknown answers that a fact is missing, or no if the reason answers the question.
func unknown(err error, hint string) Answer {
	if snapshot.Settled(err) {
		return Answer{State: v1alpha1.CheckFail, Message: err.Error(), Hint: hint, cause: err}
	}
	return Answer{State: v1alpha1.CheckUnknown, Message: fmt.Sprintf("unknown: %v", err), Hint: hint, cause: err}
}

// Preflight returns the checks that must pass before a migration, and the warnings to read before one.
func Preflight() []Check { return filter(func(c Check) bool { return c.Info.Preflight }) }

// Status returns the checks that status asks: all except those about a change.
func Status() []Check { return filter(func(c Check) bool { return c.asked != preflightOnly }) }

func filter(keep func(Check) bool) []Check {
	return slices.DeleteFunc(All(), func(c Check) bool { return !keep(c) })
}

// Select returns the checks with the given IDs, in the order of reports.
func Select(ids ...string) []Check {
	return filter(func(c Check) bool { return slices.Contains(ids, c.Info.ID) })
}

//go:embed checks.md
var texts string

// All returns every check, in the order in which reports show them.
func All() []Check {
	all := []Check{
		check("primary", "primary-version", fails, preflight, primaryVersion),
		check("primary", "primary-is-primary", fails, preflight, primaryIsPrimary),
		check("primary", "operator-role", fails, preflight, operatorRole),
		check("cluster", "cluster-reachable", fails, preflight, func(s *snapshot.Snapshot) Answer { return reachable(s.Cluster, s.Region.Satellite.Context) }),
		check("cluster", "region-distinct", fails, preflight, regionDistinct),
		check("cluster", "cluster-rights", fails, preflightOnly, func(s *snapshot.Snapshot) Answer { return rights(s.MissingRights) }),
		check("cluster", "namespace-active", fails, preflight, of(satelliteFact, namespaceActive)),
		check("cluster", "namespace-separate", warns, preflight, namespaceSeparate),
		check("provider", "provider-cluster", fails, preflight, providerCluster),
		check("provider", "provider-rights", fails, preflightOnly, func(s *snapshot.Snapshot) Answer { return rights(s.MissingProviderRights) }),
		check("provider", "provider-found", fails, preflight, providerFound),
		check("provider", "provider-ready", warns, preflight, providerReady),
		check("provider", "networking-v2", fails, statusOnly, networkingV2),
		check("provider", "workspaces-adopted", warns, statusOnly, workspacesAdopted),
		check("legacy", "legacy-found", fails, preflight, of(legacyFact, legacyFound)),
		check("legacy", "legacy-idle", fails, preflight, legacyIdle),
		check("legacy", "legacy-retained", fails, statusOnly, of(legacyFact, legacyRetained)),
		check("legacy", "legacy-rollback-ready", warns, statusOnly, of(legacyFact, legacyRollbackReady)),
		check("legacy", "legacy-owner", warns, preflight, of(legacyFact, legacyOwner)),
		check("chart", "chart-available", fails, preflightOnly, chartAvailable),
		check("chart", "values-valid", fails, preflightOnly, valuesValid),
		check("chart", "values-secrets", fails, preflightOnly, valuesSecrets),
		check("chart", "unified-url-supported", fails, preflightOnly, unifiedSupported),
		check("satellite", "satellite-conflict", fails, preflight, of(satelliteFact, satelliteConflict)),
		check("satellite", "satellite-idle", fails, preflight, of(satelliteFact, satelliteIdle)),
		check("satellite", "satellite-installed", fails, statusOnly, of(satelliteFact, satelliteInstalled)),
		check("satellite", "satellite-ready", fails, statusOnly, of(satelliteFact, satelliteReady)),
		check("satellite", "satellite-version", warns, statusOnly, of(satelliteFact, satelliteVersion)),
		check("satellite", "satellite-run-complete", warns, statusOnly, func(s *snapshot.Snapshot) Answer {
			return lastRunEnded(s.SatelliteJournal, s.SatelliteLock, s.Region.Command)
		}),
		check("satellite", "satellite-owner", warns, preflight, of(satelliteFact, satelliteOwner)),
		check("access", "access-url-free", fails, preflightOnly, accessURLFree),
		check("access", "access-url-change", fails, preflightOnly, of(satelliteFact, accessURLChange)),
		check("access", "access-url", fails, statusOnly, accessURL),
		check("access", "satellite-proxies", fails, statusOnly, of(satelliteFact, satelliteProxies)),
		check("access", "certificate-valid", fails, preflight, certificateValid),
		check("access", "certificate-names", warns, preflight, of(certificatesFact, certificateNames)),
		check("access", "unified-url", warns, preflight, of(satelliteFact, unifiedURL)),
		check("access", "devurl-certificate", warns, preflight, of(certificatesFact, devURLs)),
		check("registration", "primary-same", fails, preflight, primarySame),
		check("registration", "registration-name", fails, preflight, of(registrationsFact, registrationName)),
		check("registration", "satellite-registered", fails, statusOnly, of(satelliteFact, satelliteRegistered)),
		check("canary", "canary", fails, preflight, canary),
		check("run", "run-complete", warns, statusOnly, func(s *snapshot.Snapshot) Answer { return lastRunEnded(s.ProviderJournal, s.ProviderLock, s.Command) }),
	}
	rest := texts // with a heading, the question and the explanation of each, in the same order
	for i := range all {
		info := &all[i].Info
		_, rest, _ = strings.Cut(rest, "\n## "+info.ID+"\n\n")
		info.Question, rest, _ = strings.Cut(rest, "\n\n")
		info.Explanation, rest, _ = strings.Cut(rest, "\n")
	}
	return all
}
