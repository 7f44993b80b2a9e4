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

// Versions of the primary: the one that a walk begins with, and the one that it
// may be upgraded to, which has no legacy path.
const (
	oldVersion = "1.21.7"
	newVersion = "1.22.3"
)

func primaryActions() []named {
	return []named{
		{"the switch is flipped", 7, flip},
		{"the registration is deleted", 3, deleteRegistration},
		{"the provider is renamed", 2, func(_ context.Context, w *walker, s step) (string, error) {
			return "", w.rename(fmt.Sprintf("renamed-%d", s.pick))
		}},
		{"the provider is named as before", 2, func(_ context.Context, w *walker, _ step) (string, error) {
			return "", w.rename(w.place.Name)
		}},
		{"the token expires", 2, func(_ context.Context, w *walker, _ step) (string, error) {
			w.expired = true
			return "", w.lab.ExpireToken(w.token)
		}},
		{"the token is renewed", 4, func(_ context.Context, w *walker, s step) (string, error) {
			if !w.expired {
				return nothing("it is valid")
			}
			return "", w.renewToken()
		}},
		{"the primary is upgraded", 3, func(_ context.Context, w *walker, _ step) (string, error) {
			return "to v" + newVersion, w.lab.SetVersion(newVersion)
		}},
		{"the canary's next build fails", 4, func(_ context.Context, w *walker, _ step) (string, error) {
			return "", w.failBuilds("no route to the workspace")
		}},
	}
}

func (w *walker) provider() (codertest.Provider, error) {
	state, err := w.lab.State()
	if err != nil {
		return codertest.Provider{}, err
	}
	return w.place.Provider(state)
}

// flip changes the switch as the primary's UI does.
func flip(_ context.Context, w *walker, _ step) (string, error) {
	provider, err := w.provider()
	if err != nil {
		return "", err
	}
	on := provider.EnableNetV2 == nil || !*provider.EnableNetV2
	return fmt.Sprintf("to %t", on), w.setSwitch(provider, on)
}

func (w *walker) setSwitch(provider codertest.Provider, on bool) error {
	return w.lab.Call(http.MethodPatch, "/api/private/resource-pools/"+provider.ID, map[string]bool{"enable_net_v2": on})
}

func (w *walker) rename(name string) error {
	provider, err := w.provider()
	if err != nil {
		return err
	}
	w.renamed = name != w.place.Name
	return w.lab.Call(http.MethodPatch, "/api/private/resource-pools/"+provider.ID, map[string]string{"name": name})
}

func deleteRegistration(_ context.Context, w *walker, _ step) (string, error) {
	state, err := w.lab.State()
	if err != nil {
		return "", err
	}
	if len(state.Satellites) == 0 {
		return nothing("no satellite is registered")
	}
	return "of " + state.Satellites[0].Name, w.lab.Call(http.MethodDelete, "/api/private/satellites/"+state.Satellites[0].ID, nil)
}

func (w *walker) failBuilds(message string) error {
	workspace, err := w.lab.Workspace("canary-" + w.place.Name)
	if err != nil {
		return err
	}
	return w.lab.FailBuilds(workspace.ID, message, true)
}

// rebuildCanary rebuilds the canary as its owner does, when no other build of it
// is under way, and waits until it is on.
func (w *walker) rebuildCanary(ctx context.Context) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	asked := false
	for range 100 {
		workspace, err := w.lab.Workspace("canary-" + w.place.Name)
		switch {
		case err != nil:
			return err
		case workspace.Updating:
		case !asked:
			asked = w.lab.Call(http.MethodPatch, "/api/v0/workspaces/"+workspace.ID, struct{}{}) == nil
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
