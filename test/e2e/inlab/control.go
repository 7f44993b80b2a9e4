package inlab

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// control calls the emulated primary's control API.
func (l *Lab) control(method, path string, body, out any) error {
	var reader io.Reader = http.NoBody
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequest(method, l.ControlURL+path, reader)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, data)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(data, out)
}

// State returns the primary's state.
func (l *Lab) State() (state codertest.State, err error) {
	err = l.control(http.MethodGet, "/state", nil, &state)
	return state, err
}

// Requests returns the primary's requests since the last reset.
func (l *Lab) Requests() (requests []codertest.Request, err error) {
	err = l.control(http.MethodGet, "/requests", nil, &requests)
	return requests, err
}

// ResetRequests empties the primary's request log.
func (l *Lab) ResetRequests() error { return l.control(http.MethodDelete, "/requests", nil, nil) }

// AddFault adds a rule by which the primary fails.
func (l *Lab) AddFault(fault codertest.Fault) error {
	return l.control(http.MethodPost, "/faults", fault, nil)
}

// ClearFaults removes all fault rules.
func (l *Lab) ClearFaults() error { return l.control(http.MethodDelete, "/faults", nil, nil) }

// SetVersion changes the primary's version.
func (l *Lab) SetVersion(version string) error {
	return l.control(http.MethodPost, "/version", map[string]string{"version": version}, nil)
}

// FailBuilds makes builds of a workspace fail. An empty message makes them work again.
func (l *Lab) FailBuilds(workspaceID, message string, once bool) error {
	return l.control(http.MethodPost, "/workspaces/fail", map[string]any{"id": workspaceID, "message": message, "once": once}, nil)
}

// SetNetwork sets the distance of a deployment, and the packet loss of its TURN server in
// percent. The name is "primary", or the context of a satellite's cluster.
func (l *Lab) SetNetwork(name string, roundTrip time.Duration, loss int) error {
	return l.control(http.MethodPut, "/networks/"+name, map[string]any{"roundTrip": roundTrip, "loss": loss}, nil)
}

// SetOldAgent sets whether the workspace's next builds start an agent without Networking v2.
func (l *Lab) SetOldAgent(workspaceID string, old bool) error {
	return l.control(http.MethodPost, "/workspaces/old-agent", map[string]any{"id": workspaceID, "old": old}, nil)
}

// OfferDirect sets whether the primary offers direct connections, with a STUN server.
func (l *Lab) OfferDirect(offer bool) error {
	return l.control(http.MethodPost, "/stun", map[string]bool{"offer": offer}, nil)
}

// AddProvider adds a workspace provider, and returns it with its ID.
func (l *Lab) AddProvider(provider codertest.Provider) (added codertest.Provider, err error) {
	err = l.control(http.MethodPost, "/providers", provider, &added)
	return added, err
}

// RemoveProvider removes the workspace provider with that ID.
func (l *Lab) RemoveProvider(id string) error {
	return l.control(http.MethodDelete, "/providers/"+id, nil, nil)
}

// AddWorkspace adds a workspace to the primary.
func (l *Lab) AddWorkspace(workspace codertest.Workspace) (added codertest.Workspace, err error) {
	err = l.control(http.MethodPost, "/workspaces", workspace, &added)
	return added, err
}

// RemoveWorkspace removes a workspace from the primary.
func (l *Lab) RemoveWorkspace(id string) error {
	return l.control(http.MethodDelete, "/workspaces/"+id, nil, nil)
}

// Provider returns the region's provider.
func (l *Lab) Provider(region string) (codertest.Provider, error) {
	state, err := l.State()
	if err != nil {
		return codertest.Provider{}, err
	}
	for _, provider := range state.Providers {
		if provider.Name == region {
			return provider, nil
		}
	}
	return codertest.Provider{}, fmt.Errorf("there is no provider %q", region)
}

// Workspace returns the workspace of that name.
func (l *Lab) Workspace(name string) (codertest.Workspace, error) {
	state, err := l.State()
	if err != nil {
		return codertest.Workspace{}, err
	}
	for _, workspace := range state.Workspaces {
		if workspace.Name == name {
			return workspace, nil
		}
	}
	return codertest.Workspace{}, fmt.Errorf("there is no workspace %q", name)
}

// Write is a write from an API server's audit log.
type Write struct {
	Verb, URI, User string
}

// AuditMark returns the present end of a region's audit log.
func (l *Lab) AuditMark(region string) (int64, error) {
	info, err := os.Stat(l.Region(region).AuditLog)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Writes returns the writes to a region's cluster since the mark by the operator, or by a service
// account of the namespace "operators". Reviews of the user's own rights are POST requests but do
// not count.
func (l *Lab) Writes(region string, since int64) ([]Write, error) {
	file, err := os.Open(l.Region(region).AuditLog)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Seek(since, io.SeekStart); err != nil {
		return nil, err
	}
	var writes []Write
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var event struct {
			Verb       string `json:"verb"`
			RequestURI string `json:"requestURI"`
			User       struct {
				Username string `json:"username"`
			} `json:"user"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return nil, fmt.Errorf("the audit log of %s: %w", region, err)
		}
		switch event.Verb {
		case "get", "list", "watch":
			continue
		}
		operator := event.User.Username == "operator" || strings.HasPrefix(event.User.Username, "system:serviceaccount:operators:")
		if operator && !strings.Contains(event.RequestURI, "/authorization.k8s.io/") {
			writes = append(writes, Write{event.Verb, event.RequestURI, event.User.Username})
		}
	}
	return writes, lines.Err()
}
