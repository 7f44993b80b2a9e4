package inlab

import (
	"context"
	"fmt"
	"slices"
)

// LegacyObjects are the objects that the legacy chart creates, with kubectl's names.
func LegacyObjects() []string {
	return []string{
		"serviceaccount/coder", "serviceaccount/" + LegacyRelease + "-environments",
		"role/coder", "rolebinding/coder", "deployment/envproxy", "service/envproxy",
	}
}

// LegacyChart is the path of the legacy chart in one of the lab's versions.
func (l *Lab) LegacyChart(version string) string {
	return l.Path("charts", "workspace-provider-"+version+".tgz")
}

// ReinstallLegacy resets a provider's legacy release to its state when the lab came up: it
// deletes the rest of it, with its backups and the journals, and installs it again with Helm. The
// provider must be on the legacy path.
func (l *Lab) ReinstallLegacy(ctx context.Context, name string) error {
	provider, err := l.Provider(name)
	if err != nil {
		return err
	}
	site, server := l.site(name)
	for _, args := range [][]string{
		append([]string{"--namespace", site.Namespace, "delete", "--ignore-not-found"}, LegacyObjects()...),
		{"--namespace", site.Namespace, "delete", "secrets,configmaps", "--selector", "owner=helm,name=" + LegacyRelease},
		{"--namespace", site.Namespace, "delete", "secrets", "--selector", "coder-satellite.dev/backup"},
		{"--namespace", site.Namespace, "delete", "--ignore-not-found", "configmap/" + ProviderJournal(provider.ID), "lease/" + ProviderLock(provider.ID)},
		{"--namespace", SatelliteNamespace, "delete", "--ignore-not-found", "configmap/" + SatelliteJournal, "lease/" + SatelliteLock},
	} {
		if _, err := l.Kubectl(ctx, site.Context, args...); err != nil {
			return err
		}
	}
	var values []string
	for _, value := range []string{
		"envproxy.token=envproxy-token-of-" + name, "envproxy.accessURL=" + site.EnvproxyURL,
		"envproxy.clusterAddress=" + server, "cemanager.accessURL=" + l.PrimaryURL,
	} {
		values = append(values, "--set", value)
	}
	done := l.Helm(ctx, site.Context, slices.Concat([]string{"install", LegacyRelease, l.LegacyChart("1.20.0"), "--namespace", site.Namespace, "--wait"}, values)...)
	if done.Code != 0 {
		return fmt.Errorf("the legacy release could not be installed: %s", done)
	}
	return nil
}
