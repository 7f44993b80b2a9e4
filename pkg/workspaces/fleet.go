package workspaces

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Fleet holds the workspaces of a fleet's providers.
type Fleet struct {
	primary   v1alpha1.Primary
	api       *coder.Client
	providers []*provider
	// users are the deployment's, by ID; usersErr says why they are unknown.
	users    map[string]coder.User
	usersErr error
}

type provider struct {
	source *snapshot.Source
	view   *snapshot.Snapshot
	list   []coder.Workspace
	told   time.Time // when Networking v2 was switched according to the operator, if no journal says it; may be zero
	// Builds after since use the provider's present path; unknown says why since is unknown.
	since   time.Time
	unknown error
}

// Collect gathers the workspaces of the survey's providers, each region within the timeout. In addition to the survey's own
// requests, it makes two to the primary for the whole fleet: workspaces and users. The error is the cause of ctx.
//
// since is when Networking v2 was switched, by the primary's clock, for providers whose journal does not say it; may be zero.
func Collect(ctx context.Context, survey *snapshot.Survey, timeout time.Duration, since time.Time) (*Fleet, error) {
	regions, err := survey.Collect(ctx, timeout, snapshot.ItemProvider, snapshot.ItemWorkspaces, snapshot.ItemJournal)
	if err != nil {
		return nil, err
	}
	f := &Fleet{primary: survey.Primary(ctx).Document(), users: map[string]coder.User{}}
	for i, region := range survey.Regions() {
		for j, source := range region.Sources {
			f.api = source.Primary
			f.providers = append(f.providers, found(source, regions[i][j], since))
		}
	}
	users, err := f.api.Users(ctx)
	for _, user := range users {
		f.users[user.ID] = user
	}
	f.usersErr = err // owners are then shown by ID
	return f, context.Cause(ctx)
}

func found(source *snapshot.Source, view *snapshot.Snapshot, told time.Time) *provider {
	p := &provider{source: source, view: view, told: told, list: view.Workspaces.Value()}
	p.since, p.unknown = p.sinceOf(view)
	p.unknown = cmp.Or(view.Workspaces.Err(), p.unknown)
	return p
}

func (p *provider) sinceOf(view *snapshot.Snapshot) (time.Time, error) {
	since, err := Since(view)
	if err != nil && !p.told.IsZero() {
		return p.told, nil
	}
	return since, err
}

func (p *provider) judge(rules Rules, w coder.Workspace, now time.Time) Choice {
	switch {
	case p.neverSwitched():
		return Choice{Workspace: w, Reason: "Networking v2 was never switched"}
	case p.unknown != nil:
		return Choice{Workspace: w, Reason: "its path is unknown"}
	}
	return rules.Judge(w, p.since, now)
}

// neverSwitched reports whether the provider has always had its present path.
func (p *provider) neverSwitched() bool {
	return errors.Is(p.unknown, ErrNeverSwitched) && p.view.Networking() == v1alpha1.NetworkingV2Off
}

func (p *provider) summary() v1alpha1.ProviderWorkspaces {
	s := v1alpha1.ProviderWorkspaces{
		Provider: v1alpha1.Provider{ID: p.view.ProviderID(), Name: p.view.ProviderName()},
		Region:   p.view.Region.Name, NetworkingV2: p.view.Networking(),
	}
	switch {
	case p.neverSwitched():
		s.Message = "Networking v2 was never switched here: no workspace needs a rebuild"
	case p.unknown != nil:
		s.Message = p.unknown.Error()
	default:
		s.Adoption = new(count(p.list, p.since))
	}
	return s
}

// UserIDs returns the IDs of users given by e-mail address, user name or ID. The error names those that do not exist.
func (f *Fleet) UserIDs(names []string) ([]string, error) {
	var ids []string
	for _, name := range names {
		if f.usersErr != nil {
			return nil, fmt.Errorf("cannot look up the user %q: %w", name, f.usersErr)
		}
		found := ""
		for id, user := range f.users {
			if name == user.Email || name == user.Username || name == id {
				found = id
			}
		}
		if found == "" {
			return nil, fmt.Errorf("the primary has no user %q: give the e-mail address", name)
		}
		ids = append(ids, found)
	}
	return ids, nil
}

// Now returns the primary's time, to compare with the times of workspaces.
func (f *Fleet) Now(ctx context.Context) (time.Time, error) { return f.api.Time(ctx) }

// List reports which path each workspace uses.
func (f *Fleet) List() *v1alpha1.WorkspaceReport {
	report := f.report("list")
	for _, p := range f.providers {
		list := slices.SortedFunc(slices.Values(p.list), func(a, b coder.Workspace) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
		for _, w := range list {
			entry := f.entry(p, w)
			if w.LatestStat.ContainerStatus == coder.ContainerFailed {
				entry.Reason = w.LatestStat.StatError
			}
			report.Workspaces = append(report.Workspaces, entry)
		}
	}
	return report
}

// report returns a report without workspaces. It succeeds if all their paths are known, and fails if none is.
func (f *Fleet) report(operation string) *v1alpha1.WorkspaceReport {
	report := &v1alpha1.WorkspaceReport{
		Operation: operation, Primary: f.primary, Outcome: v1alpha1.OutcomeSucceeded,
		Providers: []v1alpha1.ProviderWorkspaces{}, Workspaces: []v1alpha1.Workspace{},
	}
	for _, p := range f.providers {
		report.Providers = append(report.Providers, p.summary())
	}
	switch unknown := f.unknown(); {
	case unknown == 0:
	case unknown == len(f.providers):
		report.Outcome = v1alpha1.OutcomeFailed
	default:
		report.Outcome = v1alpha1.OutcomePartlyFailed
	}
	return report
}

func (f *Fleet) entry(p *provider, w coder.Workspace) v1alpha1.Workspace {
	entry := v1alpha1.Workspace{
		ID: w.ID, Name: w.Name, Owner: cmp.Or(f.users[w.UserID].Email, w.UserID),
		Region: p.view.Region.Name, Provider: p.view.ProviderName(),
		Container: string(w.LatestStat.ContainerStatus), LastBuilt: metav1.NewTime(w.LastBuiltAt),
	}
	if p.unknown == nil {
		entry.State = StateOf(w, p.since)
	}
	if !w.LastConnectionAt.IsZero() {
		entry.LastConnection = new(metav1.NewTime(w.LastConnectionAt))
	}
	return entry
}

func (f *Fleet) unknown() (n int) {
	for _, p := range f.providers {
		if p.unknown != nil && !p.neverSwitched() {
			n++
		}
	}
	return n
}

// recount lists the workspaces again and updates the report's adoption; it becomes unknown if that fails.
func (f *Fleet) recount(ctx context.Context, report *v1alpha1.WorkspaceReport) {
	all, err := f.api.Workspaces(ctx)
	for i, p := range f.providers {
		entry := &report.Providers[i]
		switch {
		case p.unknown != nil:
		case err != nil:
			entry.Adoption, entry.Message = nil, cmp.Or(entry.Message, err.Error())
		default:
			own := slices.DeleteFunc(slices.Clone(all), func(w coder.Workspace) bool { return w.ProviderID != entry.ID })
			entry.Adoption = new(count(own, p.since))
		}
	}
}
