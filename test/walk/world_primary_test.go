package walk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// Versions of the primary: the first one, and the one to which it may be upgraded, which has no
// legacy path.
const (
	oldVersion = "1.21.7"
	newVersion = "1.22.3"
)

func primaryActions() []named {
	return []named{
		{"the switch is flipped", 7, flip},
		{"the registration is deleted", 3, deleteRegistration},
		{"the provider is renamed", 2, func(_ context.Context, w *walker, v *view, s step) (string, error) {
			return "", v.rename(fmt.Sprintf("renamed-%d", s.pick))
		}},
		{"the provider is named as before", 2, func(_ context.Context, w *walker, v *view, _ step) (string, error) {
			return "", v.rename(v.Name)
		}},
		{"the token expires", 2, func(_ context.Context, w *walker, v *view, _ step) (string, error) {
			w.expired = true
			return "", w.lab.ExpireToken(w.token)
		}},
		{"the token is renewed", 4, func(_ context.Context, w *walker, v *view, s step) (string, error) {
			if !w.expired {
				return nothing("it is valid")
			}
			return "", w.renewToken()
		}},
		{"the primary is upgraded", 3, func(_ context.Context, w *walker, v *view, _ step) (string, error) {
			return "to v" + newVersion, w.lab.SetVersion(newVersion)
		}},
		{"the canary's next build fails", 4, func(_ context.Context, w *walker, v *view, _ step) (string, error) {
			return "", v.failBuilds("no route to the workspace")
		}},
	}
}

// provider returns the view's provider from the primary's state.
func (v *view) provider() (codertest.Provider, error) {
	state, err := v.Lab.State()
	if err != nil {
		return codertest.Provider{}, err
	}
	return v.AtPrimary(state)
}

// flip toggles Networking v2 as the primary's UI does.
func flip(_ context.Context, _ *walker, v *view, _ step) (string, error) {
	provider, err := v.provider()
	if err != nil {
		return "", err
	}
	on := provider.EnableNetV2 == nil || !*provider.EnableNetV2
	return fmt.Sprintf("of %s to %t", v.Name, on), v.set(on)
}

func (v *view) set(on bool) error { return v.change(map[string]any{"enable_net_v2": on}) }

func (v *view) rename(name string) error {
	v.renamed = name != v.Name
	return v.change(map[string]any{"name": name})
}

// change changes fields of the provider at the primary.
func (v *view) change(fields map[string]any) error {
	provider, err := v.provider()
	if err != nil {
		return err
	}
	return v.Lab.Call(http.MethodPatch, "/api/private/resource-pools/"+provider.ID, fields)
}

func deleteRegistration(_ context.Context, w *walker, _ *view, _ step) (string, error) {
	state, err := w.lab.State()
	if err != nil {
		return "", err
	}
	if len(state.Satellites) == 0 {
		return nothing("no satellite is registered")
	}
	return "of " + state.Satellites[0].Name, w.lab.Call(http.MethodDelete, "/api/private/satellites/"+state.Satellites[0].ID, nil)
}

func (v *view) failBuilds(message string) error {
	workspace, err := v.Lab.Workspace("canary-" + v.Name)
	if err != nil {
		return err
	}
	return v.Lab.FailBuilds(workspace.ID, message, true)
}

// rebuildCanary rebuilds the canary as its owner does, when no other build of it is in progress,
// and waits until it is on.
func (v *view) rebuildCanary(ctx context.Context) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	asked := false
	for range 100 {
		workspace, err := v.Lab.Workspace("canary-" + v.Name)
		switch {
		case err != nil:
			return err
		case workspace.Updating:
		case !asked:
			asked = v.Lab.Call(http.MethodPatch, "/api/v0/workspaces/"+workspace.ID, struct{}{}) == nil
		case workspace.LatestStat.ContainerStatus == "ON":
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return errors.New("the canary could not be rebuilt")
}

// renewToken gives the plugin a new token of the same operator.
func (w *walker) renewToken() error {
	var made struct{ Key string }
	name := fmt.Sprintf("walk-%d", len(w.secrets))
	if err := w.lab.CallFor(http.MethodPost, "/api/v0/api-keys/me", map[string]string{"name": name}, &made); err != nil {
		return err
	}
	w.token, w.expired, w.secrets = made.Key, false, append(w.secrets, made.Key)
	return nil
}

func ignoreExisting(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
