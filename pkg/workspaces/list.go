package workspaces

import (
	"cmp"
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

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
