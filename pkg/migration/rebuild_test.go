package migration

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// builder is a primary with one workspace, and a run that may rebuild it.
type builder struct {
	*codertest.Primary
	run       *Run
	workspace coder.Workspace
	said      []string
}

func newBuilder(t *testing.T, options codertest.Options) *builder {
	t.Helper()
	primary, err := codertest.NewPrimary(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, primary.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	user := primary.AddUser("ann@example.com", codertest.RoleManager)
	client, err := coder.New(coder.Config{URL: primary.URL(), Token: coder.Token(primary.Token(user.ID)), CAFile: ca, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	added := primary.AddWorkspace(codertest.Workspace{Name: "canary", UserID: user.ID})
	b := &builder{Primary: primary}
	b.run = &Run{
		Source: &snapshot.Source{Primary: client}, Initial: &snapshot.Snapshot{}, Now: &snapshot.Snapshot{}, Runner: &Runner{Clock: clock.RealClock{}},
		ProviderRecord: &journal.Record{},
		progress:       func(message string, _ bool) { b.said = append(b.said, message) },
	}
	b.read(t, added.ID)
	return b
}

// read reads the workspace's current state into the run.
func (b *builder) read(t *testing.T, id string) {
	t.Helper()
	var err error
	if b.workspace, err = b.run.Source.Primary.Workspace(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.run.Now.Canary = snapshot.Known(snapshot.Canary{Workspace: b.workspace})
}

// step runs the step as the engine does.
func (b *builder) step(ctx context.Context) error {
	step := rebuildCanary(journal.ProvesSatellite, always)
	step.Note(b.run.Now, b.run.ProviderRecord)
	return step.Apply(ctx, b.run)
}

func (b *builder) rebuilds() int { return b.Count("PATCH", "/api/v0/workspaces/"+b.workspace.ID) }

func TestRebuild(t *testing.T) {
	path := "/api/v0/workspaces/*"
	for name, test := range map[string]struct {
		options  codertest.Options
		prepare  func(t *testing.T, b *builder)
		wantErr  string // part of the error; empty for none
		rebuilds int
		said     string // part of the progress
	}{
		"well":              {rebuilds: 1, said: "Pulling image"},
		"it fails":          {prepare: func(_ *testing.T, b *builder) { b.FailBuilds(b.workspace.ID, "no such image", false) }, wantErr: `the build of workspace "canary" failed: no such image`, rebuilds: 1},
		"without a log":     {prepare: fault(codertest.Fault{Path: "/api/private/workspaces/**", Status: 502}), rebuilds: 1},
		"fails without log": {prepare: both(fault(codertest.Fault{Path: "/api/private/workspaces/**", Status: 502}), func(_ *testing.T, b *builder) { b.FailBuilds(b.workspace.ID, "no such image", false) }), wantErr: "no such image", rebuilds: 1},
		"the answer is lost": {
			prepare: fault(codertest.Fault{Method: "PATCH", Path: path, ResetAfter: true, Times: 1}), rebuilds: 1,
		},
		"the request is lost": {
			prepare: fault(codertest.Fault{Method: "PATCH", Path: path, ResetBefore: true, Times: 1}), rebuilds: 1, wantErr: `workspace "canary" could not be rebuilt`,
		},
		"the primary is away during the build": {
			prepare: fault(codertest.Fault{Method: "GET", Path: path, Status: 500, After: 0, Times: 6}), rebuilds: 1,
		},
		"the token expires during the build": {
			prepare: fault(codertest.Fault{Method: "GET", Path: path, Status: 401}), wantErr: "401", rebuilds: 1,
		},
		"the log begins with an earlier failure": {
			options: codertest.Options{ReplayBuilds: true}, prepare: failOnce, rebuilds: 2,
		},
		"the log begins with an earlier success, and it fails": {
			options: codertest.Options{ReplayBuilds: true}, rebuilds: 2, wantErr: "disk full",
			prepare: func(t *testing.T, b *builder) {
				rebuildElsewhere(t, b)
				b.FailBuilds(b.workspace.ID, "disk full", false)
			},
		},
		"somebody else is building": {
			options:  codertest.Options{BuildTime: 300 * time.Millisecond},
			prepare:  func(t *testing.T, b *builder) { beginElsewhere(t, b); b.read(t, b.workspace.ID) },
			rebuilds: 2, said: "waiting for the build of workspace \"canary\" that is in progress",
		},
		"an earlier run asked for the build under way": {
			options: codertest.Options{BuildTime: 300 * time.Millisecond},
			prepare: func(t *testing.T, b *builder) {
				rebuildCanary(journal.ProvesSatellite, always).Note(b.run.Now, b.run.ProviderRecord)
				beginElsewhere(t, b)
				b.read(t, b.workspace.ID)
			},
			rebuilds: 1,
		},
		"the build under way is over by now": {
			prepare: func(t *testing.T, b *builder) {
				rebuildCanary(journal.ProvesSatellite, always).Note(b.run.Now, b.run.ProviderRecord)
				rebuildElsewhere(t, b)
				b.workspace.Updating = true // the last state that the run has seen
				b.run.Now.Canary = snapshot.Known(snapshot.Canary{Workspace: b.workspace})
			},
			rebuilds: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t, test.options)
			if test.prepare != nil {
				test.prepare(t, b)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			err := b.step(ctx)
			switch {
			case err == nil && test.wantErr != "":
				t.Errorf("no error, want %q", test.wantErr)
			case err != nil && (test.wantErr == "" || !strings.Contains(err.Error(), test.wantErr)):
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
			if got := b.rebuilds(); got != test.rebuilds {
				t.Errorf("%d rebuilds were asked for, want %d", got, test.rebuilds)
			}
			if b.run.ProviderRecord.Canary.Rebuilt != (test.wantErr == "") {
				t.Errorf("the record says %+v", *b.run.ProviderRecord.Canary)
			}
			if !strings.Contains(strings.Join(b.said, "\n"), test.said) {
				t.Errorf("progress %q has no %q", b.said, test.said)
			}
		})
	}
}

// A build that never ends stops at the step's deadline, and the error says what the step waited
// for.
func TestRebuildTakesTooLong(t *testing.T) {
	b := newBuilder(t, codertest.Options{BuildTime: time.Hour})
	ctx, cancel := withTimeout(t.Context(), "rebuild-canary", 500*time.Millisecond, "--step-timeout")
	defer cancel()
	err := b.step(ctx)
	timeout := new(TimeoutError)
	if !errors.As(err, &timeout) || !strings.HasPrefix(err.Error(), `waiting for the build of workspace "canary": rebuild-canary did not finish within 500ms`) {
		t.Errorf("error %v", err)
	}
}

func fault(f codertest.Fault) func(*testing.T, *builder) {
	return func(_ *testing.T, b *builder) { b.AddFault(f) }
}

func both(first, second func(*testing.T, *builder)) func(*testing.T, *builder) {
	return func(t *testing.T, b *builder) { first(t, b); second(t, b) }
}

// beginElsewhere begins a build as another user would.
func beginElsewhere(t *testing.T, b *builder) {
	t.Helper()
	if err := b.run.Source.Primary.Rebuild(t.Context(), b.workspace.ID); err != nil {
		t.Fatal(err)
	}
}

// rebuildElsewhere begins a build and waits until it has finished.
func rebuildElsewhere(t *testing.T, b *builder) {
	t.Helper()
	id, before := b.workspace.ID, b.workspace
	beginElsewhere(t, b)
	for deadline := time.Now().Add(10 * time.Second); ; {
		b.read(t, id)
		if !b.workspace.Updating {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the build does not end")
		}
		<-time.After(10 * time.Millisecond)
	}
	if b.workspace.LastBuiltAt.Equal(before.LastBuiltAt) {
		t.Fatal("nothing was built")
	}
}

// failOnce leaves the workspace with a failed build.
func failOnce(t *testing.T, b *builder) {
	b.FailBuilds(b.workspace.ID, "no such image", true)
	rebuildElsewhere(t, b)
}
