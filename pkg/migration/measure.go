package migration

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/measure"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/verify"
)

// Names of the ways that are measured, as in v1alpha1.PathMeasurement.
const (
	pathPrimary   = "primary"
	pathLegacy    = "legacy"
	pathSatellite = "satellite"
	pathWorkspace = "workspace"
)

// measure begins to ask what users' clients ask, if the operator wants that. It goes on
// until measured ends it, whatever ends the run: a failure is when it matters.
func (r *regionRun) measure(ctx context.Context) {
	if !r.Options.Measure || len(r.providers) == 0 {
		return
	}
	first := r.Region.Sources[0]
	paths := []measure.Path{reach(pathPrimary, first.Primary, "/api")}
	if endpoint := first.Endpoint; endpoint != nil && !first.Region.Satellite.None() {
		path := reach(pathSatellite, endpoint, "/api/private/satellites/key")
		path.New = !r.providers[0].view.Satellite.Value().Installed
		paths = append(paths, path)
	}
	for _, p := range r.providers {
		if p.err != nil {
			continue
		}
		found := p.view.Legacy.Value()
		if found.Release != nil && found.AccessURL != "" {
			if client, err := first.Primary.At(found.AccessURL, ""); err == nil {
				path := reach(pathLegacy, client, "/healthz")
				path.Provider, path.Close = p.name, client.CloseIdle
				paths = append(paths, path)
			}
		}
		paths = append(paths, workspacePath(p)...)
	}
	r.watch = measure.Start(context.WithoutCancel(ctx), r.Clock, paths)
}

// reach is a way that is asked by HTTP.
func reach(name string, client *coder.Client, path string) measure.Path {
	return measure.Path{Name: name, URL: client.URL(), Ask: func(ctx context.Context) error { return client.Reach(ctx, path) }}
}

// workspacePath is the connection to a workspace of the operator's that uses Networking
// v2 already and is not the canary, which is rebuilt. There is none if nobody can be
// asked, or nothing would answer.
func workspacePath(p *part) []measure.Path {
	s := p.view
	me, known := s.Primary.Me.Get()
	if !known || s.Networking() == v1alpha1.NetworkingV2Off {
		return nil
	}
	for _, workspace := range s.Workspaces.Value() {
		if workspace.UserID != me.ID || workspace.LatestStat.ContainerStatus != coder.ContainerOn || workspace.ID == s.Canary.Value().Workspace.ID {
			continue
		}
		connection, err := verify.Keep(p.source, s, workspace.ID)
		if err != nil {
			return nil
		}
		return []measure.Path{{
			Name: pathWorkspace, Provider: p.name, URL: connection.URL(), Ask: connection.Ping, Close: connection.Close,
			New: true, // whether it runs an agent is not known yet
		}}
	}
	return nil
}

// noticeable tells the measurement that users may notice what comes now.
func (r *regionRun) noticeable(step Step) {
	if r.watch != nil && step.Noticeable {
		r.watch.Begin(measure.During)
	}
}

// measured ends the measurement, and puts it into the report and, of a migration, what
// it says of the distance into the journals.
func (r *regionRun) measured() {
	if r.watch == nil {
		return
	}
	r.watch.Begin(measure.After)
	paths := r.watch.Stop()
	r.report.Measured = &v1alpha1.Measurements{From: r.Options.Host, Paths: paths}
	if !r.operation.LeavesLegacy {
		return
	}
	now := metav1.NewTime(r.Clock.Now())
	for _, p := range r.providers {
		if p.err == nil && p.run != nil {
			p.record.Distance = distance(p.record.Distance, paths, p.run.Initial, r.Options.Host, now)
		}
	}
}

// distance is how far users were, and are now, as the paths say: what was measured before
// a provider's users moved stays, if it was measured from the same machine.
func distance(before *v1alpha1.Distance, paths []v1alpha1.PathMeasurement, initial *snapshot.Snapshot, from string, now metav1.Time) *v1alpha1.Distance {
	found := v1alpha1.Distance{From: from, Measured: now}
	for _, path := range paths {
		switch {
		case path.Path == pathPrimary && path.Before != nil:
			found.PrimaryMicroseconds = path.Before.MedianMicroseconds
		case path.Path == pathSatellite && path.After != nil:
			found.SatelliteMicroseconds = path.After.MedianMicroseconds
		}
	}
	if found.SatelliteMicroseconds == 0 {
		return before
	}
	if before != nil && before.From == from && initial.Networking() != v1alpha1.NetworkingV2Off {
		found.PrimaryMicroseconds = before.PrimaryMicroseconds
	}
	if found.PrimaryMicroseconds == 0 {
		return before
	}
	return &found
}

// gate fails the providers whose users had no answer for longer than they may. Nothing is
// undone for that: what works now is not interrupted once more.
func (r *regionRun) gate() {
	if r.report.Measured == nil || r.Options.MaxGap == 0 {
		return
	}
	for _, path := range r.report.Measured.Paths {
		gap := time.Duration(path.LongestGapMilliseconds) * time.Millisecond
		if gap <= r.Options.MaxGap {
			continue
		}
		for _, p := range r.providers {
			if p.err == nil && (path.Provider == "" || path.Provider == p.name) {
				p.err = fmt.Errorf("nobody answered at %s (%s) for %s, longer than --max-gap %s; nothing was undone for that", path.URL, path.Path, gap, r.Options.MaxGap)
			}
		}
	}
}
