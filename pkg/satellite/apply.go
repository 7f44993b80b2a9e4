package satellite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// helmTimeout bounds Helm's own waits, which are only for hooks: Wait waits for readiness.
const helmTimeout = 2 * time.Minute

// labelManaged marks releases that this plugin installed.
const labelManaged = "coder-satellite.dev/managed"

// Apply installs or upgrades the release as the spec says, like `helm upgrade --install`, and waits until it is ready.
// It first clears what a killed run of this plugin left pending; another client's pending operation is an error. Helm
// runs to its end even when ctx ends, because a cancelled Helm continues to create objects in the background
// (helm#12086, helm#9173); ctx ends the wait. Apply returns the deployed revision.
func (r Release) Apply(ctx context.Context, spec Spec, c *Chart, options Options) (int, error) {
	records, err := r.records(ctx)
	if err != nil {
		return 0, err
	}
	if pending := records.operation(); pending != nil {
		if err := r.readWriter(ctx, pending); err != nil {
			return 0, err
		}
		if err := pending.Refusal(options.MayClearPending, options.Clock.Now()); err != nil {
			return 0, fmt.Errorf("%w; the release was left as it is. %s", err, pending.Remedy())
		}
		options.progress("clearing release %s, which an earlier Helm run left %s", r.name, records.lastStatus)
		if err := r.endPending(&records); err != nil {
			return 0, err
		}
	}
	verb := "install"
	if records.upgrades() {
		verb = "upgrade"
	}
	options.progress("Helm %s of chart %s %s", verb, c.Metadata.Name, c.Metadata.Version)
	revision, err := r.run(spec, c, records.upgrades())
	if err != nil {
		return 0, r.explain(err, "Helm failed to install or upgrade release %s", r)
	}
	// Helm only logs a failure to write the record's last state (helm#7139)
	again, err := r.records(ctx)
	switch {
	case err != nil:
		return 0, err
	case again.deployed == nil || again.deployed.Version != revision:
		return 0, fmt.Errorf("Helm reported revision %d of release %s as deployed, but its record says revision %d is %s: run this again",
			revision, r, again.last, again.lastStatus)
	}
	return revision, r.Wait(ctx, options)
}

// upgrades reports whether Helm upgrades, even from a failed revision: its objects may be in use all the same.
func (r releaseRecords) upgrades() bool {
	return r.deployed != nil || r.lastStatus == release.StatusFailed.String()
}

// run installs or upgrades, with neither Atomic nor Wait, and returns the revision.
func (r Release) run(spec Spec, c *Chart, upgrade bool) (int, error) {
	var done *release.Release
	var err error
	if upgrade {
		done, err = r.upgrade(r.helm()).Run(r.name, c.own(), spec.Values)
	} else {
		done, err = r.installation(r.helm()).Run(c.own(), spec.Values)
	}
	if err != nil {
		return 0, spec.withoutValues(err)
	}
	return done.Version, nil
}

func (r Release) upgrade(configuration *action.Configuration) *action.Upgrade {
	a := action.NewUpgrade(configuration)
	a.Namespace, a.Timeout, a.Labels = r.namespace, helmTimeout, map[string]string{labelManaged: "true"}
	a.ResetValues = true // the values are the spec's, not the last revision's
	return a
}

func (r Release) installation(configuration *action.Configuration) *action.Install {
	a := action.NewInstall(configuration)
	a.Namespace, a.ReleaseName, a.Timeout, a.Labels = r.namespace, r.name, helmTimeout, map[string]string{labelManaged: "true"}
	a.Replace = true // a failed first installation leaves its name taken
	return a
}

// endPending ends what a killed Helm left pending: it rolls back to the deployed revision or, without one, marks the
// pending revision as failed, for the next Helm to upgrade from. It uninstalls nothing: an earlier revision may have
// failed only in Helm's eyes, with its satellite in use.
func (r Release) endPending(records *releaseRecords) error {
	if records.deployed != nil {
		return r.Rollback(records.deployed.Version)
	}
	configuration := r.helm()
	pending, err := configuration.Releases.Get(r.name, records.last)
	if err != nil {
		return r.explain(err, "revision %d of release %s cannot be read", records.last, r)
	}
	pending.SetStatus(release.StatusFailed, "the run of kubectl coder-satellite that began this was killed")
	if err := configuration.Releases.Update(pending); err != nil {
		return r.explain(err, "revision %d of release %s could not be marked as failed", records.last, r)
	}
	records.lastStatus = release.StatusFailed.String()
	return nil
}

// Rollback restores what the revision was, as a new revision.
func (r Release) Rollback(revision int) error {
	rollback := action.NewRollback(r.helm())
	rollback.Version, rollback.Timeout = revision, helmTimeout
	if err := rollback.Run(r.name); err != nil {
		return r.explain(err, "release %s could not be rolled back to revision %d", r, revision)
	}
	return nil
}

// Uninstall uninstalls the release, if it exists, and waits until its objects are gone.
func (r Release) Uninstall() error {
	uninstall := action.NewUninstall(r.helm())
	uninstall.Timeout, uninstall.Wait = helmTimeout, true
	uninstall.DeletionPropagation = "foreground"
	if _, err := uninstall.Run(r.name); err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return r.explain(err, "release %s could not be uninstalled", r)
	}
	return nil
}
