package migration

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/measure"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/verify"
)

// Names of measured paths, as in v1alpha1.PathMeasurement.
const (
	pathPrimary   = "primary"
	pathLegacy    = "legacy"
	pathSatellite = "satellite"
	pathWorkspace = "workspace"
)

// measure starts to send requests as users' clients do, if the operator wants that. Only measured ends it: failures are what
// it is for.
func (r *regionRun) measure(ctx context.Context) {
	if !r.Options.Measure || len(r.providers) == 0 {
		return
	}
	working := slices.DeleteFunc(slices.Clone(r.providers), func(p *part) bool { return p.err != nil })
	first := r.Region.Sources[0]
	paths := []measure.Path{{Name: pathPrimary, URL: first.Primary.URL(), Ask: first.Primary.ReachAPI}}
	if endpoint := first.Endpoint; endpoint != nil && !first.Region.Satellite.None() {
		unused := !slices.ContainsFunc(working, switched)
		paths = append(paths, measure.Path{Name: pathSatellite, URL: endpoint.URL(), Ask: endpoint.ReachKey, New: unused})
	}
	for _, p := range working {
		found := p.Now.Legacy.Value()
		if found.Release != nil && found.AccessURL != "" {
			if client, err := first.Primary.At(found.AccessURL, ""); err == nil {
				paths = append(paths, measure.Path{
					Name: pathLegacy, Provider: p.name, URL: client.URL(), Close: client.CloseIdle,
					Ask: func(ctx context.Context) error { return client.Reach(ctx, "/healthz") },
				})
			}
		}
		paths = append(paths, workspacePath(p)...)
	}
	r.watch = measure.Start(context.WithoutCancel(ctx), r.Clock, paths)
	if r.operation.LeavesLegacy && !slices.ContainsFunc(working, func(p *part) bool { return !switched(p) }) {
		r.watch.Begin(measure.After) // an earlier run has switched them all
	}
}

// switched reports whether a provider uses, or may use, Networking v2.
func switched(p *part) bool { return p.Now.Networking() != v1alpha1.NetworkingV2Off }

// workspacePath is a connection to one of the operator's workspaces that already uses Networking v2 and is not the canary,
// which is rebuilt. It is empty if there is no such workspace.
func workspacePath(p *part) []measure.Path {
	s := p.Now
	me, known := s.Primary.Me.Get()
	canary, chosen := s.Canary.Get()
	if !known || !chosen || !switched(p) {
		return nil
	}
	for _, workspace := range s.Workspaces.Value() {
		if workspace.UserID != me.ID || workspace.LatestStat.ContainerStatus != coder.ContainerOn || workspace.ID == canary.Workspace.ID {
			continue
		}
		connection, err := verify.Keep(p.Source, s, workspace.ID)
		if err != nil {
			return nil
		}
		return []measure.Path{{
			Name: pathWorkspace, Provider: p.name, URL: connection.URL(), Ask: connection.Ping, Close: connection.Close,
			New: true, // whether it runs an agent is unknown
		}}
	}
	return nil
}

// noticeable tells the measurement that a step begins which users may notice, and which paths they leave. Call the returned
// function when the step has ended.
func (r *regionRun) noticeable(p *part, step Step) (ended func()) {
	if r.watch == nil {
		return func() {}
	}
	for _, way := range step.Leaves {
		r.watch.End(way, p.name)
	}
	if !step.Noticeable {
		return func() {}
	}
	r.watch.Begin(measure.During)
	return func() { r.watch.Begin(measure.After) }
}

// measured ends the measurement and reports it. A migration also records the distance in the journals.
func (r *regionRun) measured() {
	if r.watch == nil {
		return
	}
	paths := r.watch.Stop()
	r.report.Measured = &v1alpha1.Measurements{From: r.Options.Host, Paths: paths}
	if !r.operation.LeavesLegacy {
		return
	}
	now := metav1.NewTime(r.Clock.Now())
	for _, p := range r.providers {
		if p.err == nil && p.Initial != nil {
			p.record.Distance = distance(p.record.Distance, paths, p.Initial, r.Options.Host, now)
			p.record.LongestGap = longestGap(paths, p.name)
		}
	}
}

// longestGap returns the longest time without an answer on paths of the provider's users, in milliseconds; nil without paths.
func longestGap(paths []v1alpha1.PathMeasurement, provider string) (longest *int64) {
	for _, path := range paths {
		if (path.Provider == "" || path.Provider == provider) && path.Failures < path.Probes { // the others never answered
			longest = new(max(path.LongestGapMilliseconds, ptr.Deref(longest, 0)))
		}
	}
	return longest
}

// distance computes how far users were and are. A distance from before the provider's users moved is kept if it was measured
// from the same machine.
func distance(
	before *v1alpha1.Distance, paths []v1alpha1.PathMeasurement, initial *snapshot.Snapshot, from string, now metav1.Time,
) *v1alpha1.Distance {
	found := v1alpha1.Distance{From: from, Measured: now}
	for _, path := range paths {
		switch {
		case path.Path == pathPrimary:
			if latency := cmp.Or(path.Before, path.After); latency != nil { // the distance to the primary does not change
				found.PrimaryMicroseconds = latency.MedianMicroseconds
			}
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

// gapError means that users had no answer for too long. Nothing is undone then, which would interrupt them once more.
type gapError struct{ error }

// gate fails the providers whose users had no answer for too long. The run did not interrupt a path that never answered.
func (r *regionRun) gate() {
	if r.report.Measured == nil || r.Options.MaxGap == 0 {
		return
	}
	for _, path := range r.report.Measured.Paths {
		gap := time.Duration(path.LongestGapMilliseconds) * time.Millisecond
		if gap <= r.Options.MaxGap || path.Failures == path.Probes {
			continue
		}
		for _, p := range r.providers {
			if p.err == nil && (path.Provider == "" || path.Provider == p.name) {
				p.err = &gapError{fmt.Errorf("nobody answered at %s (%s) for %s, longer than --max-gap %s; nothing was undone",
					path.URL, path.Path, gap, r.Options.MaxGap)}
			}
		}
	}
}

// onlyGaps reports whether gaps are all that failed: nothing is left to do then.
func (r *regionRun) onlyGaps() bool {
	failed := slices.DeleteFunc(r.all(), func(p *part) bool { return p.err == nil })
	return len(failed) > 0 && !slices.ContainsFunc(failed, func(p *part) bool { return !is[*gapError](p.err) })
}
