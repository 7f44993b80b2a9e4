package inlab

import (
	"context"
	"fmt"
	"slices"
)

// LegacyObjects are the objects that the legacy chart makes, as kubectl names them.
func LegacyObjects() []string {
	return []string{
		"serviceaccount/coder", "serviceaccount/" + LegacyRelease + "-environments",
		"role/coder", "rolebinding/coder", "deployment/envproxy", "service/envproxy",
	}
}

// LegacyChart is the path of the legacy chart in a version that the lab has.
func (l *Lab) LegacyChart(version string) string {
	return l.Path("charts", "workspace-provider-"+version+".tgz")
}

// ReinstallLegacy makes a region's legacy release what it was when the lab came
// up: whatever is left of it is deleted, with its backups and the journal, and
// Helm installs it again. The region must be on the legacy path.
func (l *Lab) ReinstallLegacy(ctx context.Context, name string) error {
	for _, args := range [][]string{
		append([]string{"--namespace", LegacyNamespace, "delete", "--ignore-not-found"}, LegacyObjects()...),
		{"--namespace", LegacyNamespace, "delete", "secrets,configmaps", "--selector", "owner=helm,name=" + LegacyRelease},
		{"--namespace", SatelliteNamespace, "delete", "secrets", "--selector", "coder-satellite.dev/backup"},
		{"--namespace", SatelliteNamespace, "delete", "--ignore-not-found", "configmap/coder-satellite-journal", "lease/coder-satellite-lock"},
	} {
		if _, err := l.Kubectl(ctx, name, args...); err != nil {
			return err
		}
	}
	region := l.Region(name)
	var values []string
	for _, value := range []string{
		"envproxy.token=envproxy-token-of-" + name, "envproxy.accessURL=" + region.EnvproxyURL,
		"envproxy.clusterAddress=" + region.Server, "cemanager.accessURL=" + l.PrimaryURL,
	} {
		values = append(values, "--set", value)
	}
	done := l.Helm(ctx, name, slices.Concat([]string{"install", LegacyRelease, l.LegacyChart("1.20.0"), "--namespace", LegacyNamespace, "--wait"}, values)...)
	if done.Code != 0 {
		return fmt.Errorf("the legacy release could not be installed: %s", done)
	}
	return nil
}
