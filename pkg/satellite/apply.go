package satellite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// helmTimeout bounds what Helm itself waits for, which is only hooks: waiting
// for readiness is Wait's.
const helmTimeout = 2 * time.Minute

// labelManaged marks releases that this plugin installed.
const labelManaged = "coder-satellite.dev/managed"

// Apply brings the release to what the spec asks for, as `helm upgrade
// --install` does, and waits until it is ready. What a killed run of this plugin
// left pending is cleared first; what is pending by somebody else's Helm is an
// error. Helm runs to its end even when ctx ends meanwhile, because a cancelled
// Helm goes on creating objects in the background (helm#12086, helm#9173); ctx
// ends the waiting. It returns the deployed revision.
func Apply(ctx context.Context, access *cluster.Access, spec Spec, c *Chart, options Options) (int, error) {
	records, err := readRecords(ctx, access, spec.Namespace, spec.Release)
	if err != nil {
		return 0, err
	}
	if records.pending() {
		if err := mayClear(ctx, access, spec, records, options); err != nil {
			return 0, err
		}
		options.progress("clearing release %s, which an earlier Helm run left %s", spec.Release, records.lastStatus)
		if err := endPending(access, spec, records); err != nil {
			return 0, err
		}
	}
	options.progress("Helm %s of chart %s %s", verb(records), c.Metadata.Name, c.Metadata.Version)
	revision, err := run(access, spec, c, records.upgrades())
	if err != nil {
		return 0, fmt.Errorf("Helm could not bring about release %s/%s: %w", spec.Namespace, spec.Release, cluster.Explain(err, access.Context))
	}
	// Helm only logs when it fails to write the record's last state (helm#7139)
	again, err := readRecords(ctx, access, spec.Namespace, spec.Release)
	switch {
	case err != nil:
		return 0, err
	case again.deployed == nil || again.deployed.Version != revision:
		return 0, fmt.Errorf("Helm reported revision %d of release %s/%s as deployed, but its record says revision %d is %s: run this again",
			revision, spec.Namespace, spec.Release, again.last, again.lastStatus)
	}
	return revision, Wait(ctx, access, spec.Namespace, options)
}

func verb(records releaseRecords) string {
	if records.upgrades() {
		return "upgrade"
	}
	return "install"
}

// upgrades reports whether Helm upgrades: from a deployed revision or, as Helm
// allows, from one that failed, whose objects may be in use all the same.
func (r releaseRecords) upgrades() bool {
	return r.deployed != nil || r.lastStatus == release.StatusFailed.String()
}

// run installs or upgrades, with neither Atomic nor Wait, and returns the revision.
func run(access *cluster.Access, spec Spec, c *Chart, upgrade bool) (int, error) {
	configuration, err := access.Helm(spec.Namespace, nil)
	if err != nil {
		return 0, err
	}
	labels := map[string]string{labelManaged: "true"}
	var done *release.Release
	if upgrade {
		a := action.NewUpgrade(configuration)
		a.Namespace, a.Timeout, a.Labels = spec.Namespace, helmTimeout, labels
		a.ResetValues = true // the values are the spec's, not the last revision's
		done, err = a.Run(spec.Release, c.own(), copyOf(spec.Values))
	} else {
		a := action.NewInstall(configuration)
		a.Namespace, a.ReleaseName, a.Timeout, a.Labels = spec.Namespace, spec.Release, helmTimeout, labels
		a.Replace = true // a failed first installation leaves its name taken
		done, err = a.Run(c.own(), copyOf(spec.Values))
	}
	if err != nil {
		return 0, spec.withoutValues(err)
	}
	return done.Version, nil
}

// endPending ends what a killed Helm left pending: the first installation is
// uninstalled, anything else goes back to the deployed revision, by its number.
func endPending(access *cluster.Access, spec Spec, records releaseRecords) error {
	if records.deployed == nil {
		return Uninstall(access, spec.Namespace, spec.Release)
	}
	return Rollback(access, spec.Namespace, spec.Release, records.deployed.Version)
}

// Rollback brings the release back to what the revision was, as a new revision.
func Rollback(access *cluster.Access, namespace, name string, revision int) error {
	configuration, err := access.Helm(namespace, nil)
	if err != nil {
		return err
	}
	rollback := action.NewRollback(configuration)
	rollback.Version, rollback.Timeout = revision, helmTimeout
	if err := rollback.Run(name); err != nil {
		return fmt.Errorf("release %s/%s could not be brought back to revision %d: %w", namespace, name, revision, cluster.Explain(err, access.Context))
	}
	return nil
}

// Uninstall uninstalls the release and waits until its objects are gone. A
// release that does not exist is no error.
func Uninstall(access *cluster.Access, namespace, name string) error {
	configuration, err := access.Helm(namespace, nil)
	if err != nil {
		return err
	}
	uninstall := action.NewUninstall(configuration)
	uninstall.Timeout, uninstall.Wait = helmTimeout, true
	uninstall.DeletionPropagation = "foreground"
	if _, err := uninstall.Run(name); err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return fmt.Errorf("release %s/%s could not be uninstalled: %w", namespace, name, cluster.Explain(err, access.Context))
	}
	return nil
}
