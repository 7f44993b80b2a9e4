package health

import (
	_ "embed"
	"strings"
)

//go:embed checks.md
var texts string

// All returns every check, in the order in which reports show them.
func All() []Check {
	all := []Check{
		check("primary", "primary-version", fails, preflight, primaryVersion),
		check("primary", "primary-is-primary", fails, preflight, primaryIsPrimary),
		check("primary", "operator-role", fails, preflight, operatorRole),
		check("cluster", "cluster-reachable", fails, preflight, clusterReachable),
		check("cluster", "region-distinct", fails, preflight, regionDistinct),
		check("cluster", "cluster-rights", fails, preflightOnly, clusterRights),
		check("cluster", "namespace-active", fails, preflight, of(satelliteFact, namespaceActive)),
		check("cluster", "namespace-separate", warns, preflight, namespaceSeparate),
		check("provider", "provider-cluster", fails, preflight, providerCluster),
		check("provider", "provider-rights", fails, preflightOnly, providerRights),
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
		check("satellite", "satellite-run-complete", warns, statusOnly, satelliteRunComplete),
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
		check("run", "run-complete", warns, statusOnly, runComplete),
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
