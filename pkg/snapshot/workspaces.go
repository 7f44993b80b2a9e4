package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// canary chooses the canary, or reads the chosen one again.
func (src *Source) canary(ctx context.Context, s *Snapshot) Fact[Canary] {
	if before, ok := s.Canary.Get(); ok {
		s.chosen = &before
	}
	if before := s.chosen; before != nil {
		if before.None {
			return Known(*before)
		}
		workspace, err := src.Primary.Workspace(ctx, before.Workspace.ID)
		return FactOf(Canary{Workspace: workspace, Reason: before.Reason}, err)
	}
	if src.Declared.Canary == "none" {
		return Known(Canary{None: true, Reason: "no canary was asked for"})
	}
	workspaces, err := src.Candidates(ctx, s)
	if err != nil {
		return Unknown[Canary](err)
	}
	return FactOf(ChooseCanary(src.Declared.Canary, s.Primary.Me.Value(), s.Provider.Value(), workspaces))
}

// Candidates reads the provider's workspaces, for a choice that also needs to know the provider and the operator.
func (src *Source) Candidates(ctx context.Context, s *Snapshot) ([]coder.Workspace, error) {
	switch {
	case !s.Provider.IsKnown():
		return nil, fmt.Errorf("the provider is unknown: %w", s.Provider.Err())
	case !s.Primary.Me.IsKnown():
		return nil, fmt.Errorf("cannot determine whose token this is: %w", s.Primary.Me.Err())
	}
	return src.Primary.ProviderWorkspaces(ctx, s.Provider.Value().ID)
}

// ChooseCanary picks the workspace to rebuild. A wish of "auto" (or "") means a workspace of the operator on the provider,
// preferably one that is off, because a rebuild destroys what a running one holds outside its home directory. Any other wish
// is a workspace's name. If there is no such workspace, the error says what to type.
func ChooseCanary(wish string, me coder.User, provider coder.Provider, workspaces []coder.Workspace) (Canary, error) {
	if wish != "" && wish != "auto" {
		return namedCanary(wish, me, provider, workspaces)
	}
	own := slices.DeleteFunc(slices.Clone(workspaces), func(w coder.Workspace) bool { return w.UserID != me.ID })
	if len(own) == 0 {
		return Canary{}, fmt.Errorf("no workspace of %s on provider %q to rebuild as a canary: create one there, "+
			"name another with canary.workspace in the Fleet or --canary, or use \"none\" to go without", me.Email, provider.Name)
	}
	slices.SortFunc(own, func(a, b coder.Workspace) int {
		return cmp.Or(cmp.Compare(risk(a), risk(b)), cmp.Compare(a.Name, b.Name))
	})
	reason := "the operator's own, and off"
	if risk(own[0]) > 0 {
		reason = "the operator's own; it is not off: a rebuild keeps only its home directory"
	}
	return Canary{Workspace: own[0], Reason: reason}, nil
}

// risk orders workspaces by what a rebuild may destroy.
func risk(w coder.Workspace) int {
	switch w.LatestStat.ContainerStatus {
	case coder.ContainerOff:
		return 0
	case coder.ContainerFailed:
		return 1
	}
	return 2
}

func namedCanary(name string, me coder.User, provider coder.Provider, workspaces []coder.Workspace) (Canary, error) {
	matching := slices.DeleteFunc(slices.Clone(workspaces), func(w coder.Workspace) bool { return w.Name != name && w.ID != name })
	// Names are unique per user only, so the operator's own workspace takes precedence.
	if i := slices.IndexFunc(matching, func(w coder.Workspace) bool { return w.UserID == me.ID }); i >= 0 {
		return Canary{Workspace: matching[i], Reason: "named, and the operator's own"}, nil
	}
	switch len(matching) {
	case 0:
		return Canary{}, fmt.Errorf("canary workspace %q is not on provider %q: check its name with `coder workspaces ls`", name, provider.Name)
	case 1:
		return Canary{Workspace: matching[0], Reason: "named; it belongs to another user"}, nil
	}
	return Canary{}, fmt.Errorf("canary workspace %q is the name of %d workspaces on provider %q: name it by its ID", name, len(matching), provider.Name)
}

// workspaces reads the provider's workspaces: first from a listing that the fleet shares, later by its own request.
func (src *Source) workspaces(ctx context.Context, s *Snapshot) Fact[[]coder.Workspace] {
	id := s.ProviderID()
	switch {
	case id == "":
		return Unknown[[]coder.Workspace](fmt.Errorf("the provider is unknown: %w", s.Provider.Err()))
	case s.Workspaces.Collected():
		return FactOf(src.Primary.ProviderWorkspaces(ctx, id))
	}
	all := src.survey.shared.workspaces.get(func() Fact[map[string][]coder.Workspace] {
		list, err := src.survey.shared.client.Workspaces(ctx)
		found := map[string][]coder.Workspace{}
		for _, w := range list {
			found[w.ProviderID] = append(found[w.ProviderID], w)
		}
		return FactOf(found, err)
	})
	return FactOf(all.Value()[id], all.Err())
}
