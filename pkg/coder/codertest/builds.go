package codertest

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// build is one build of a workspace.
type build struct {
	id       string
	messages []BuildMessage
	// changed is closed, and replaced, at each new message.
	changed chan struct{}
	over    bool
}

// startBuild begins a build of the workspace; it ends by itself after the
// primary's build time. The time of the last build is when it began (chosen).
// The caller holds mu.
func (p *Primary) startBuild(w *workspace) {
	b := &build{id: newID(), changed: make(chan struct{})}
	now := p.now()
	w.build, w.Updating, w.LastBuiltAt, w.UpdatedAt = b, true, now, now
	w.LatestStat = WorkspaceStat{Time: now, LastOnline: w.LatestStat.LastOnline, ContainerStatus: "CREATING"}
	p.stopAgent(w)
	fail := w.fail
	if w.failOnce {
		w.fail, w.failOnce = "", false
	}
	for _, watcher := range w.watchers {
		watcher <- b // has room for one
	}
	w.watchers = nil
	p.say(w, b, "start", "Beginning workspace build")
	p.running.Go(func() { p.runBuild(w, b, fail) }) // the request that asks for it runs, too
}

// say adds a message to the build's log. The caller holds mu.
func (p *Primary) say(w *workspace, b *build, kind, text string) {
	b.messages = append(b.messages, BuildMessage{
		ID: newID(), WorkspaceID: w.ID, BuildID: b.id, Time: p.now(), Type: kind, Msg: text,
	})
	b.over = kind == "done"
	close(b.changed)
	b.changed = make(chan struct{})
}

// runBuild says what a build says, and ends it ON, or FAILED with the message.
func (p *Primary) runBuild(w *workspace, b *build, fail string) {
	stages := [][2]string{
		{"stage", "Creating resources"},
		{"substage", "Pulling image"},
		{"stage", "Starting workspace"},
	}
	pause := p.options.BuildTime / time.Duration(len(stages)+1)
	for _, stage := range stages {
		if !p.sleep(context.Background(), pause) {
			return
		}
		p.mu.Lock()
		p.say(w, b, stage[0], stage[1])
		p.mu.Unlock()
	}
	if !p.sleep(context.Background(), pause) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	w.build, w.last, w.Updating, w.UpdatedAt = nil, b, false, now
	w.LatestStat.Time = now
	if fail == "" {
		w.LatestStat.ContainerStatus, w.LatestStat.LastOnline = "ON", now
		w.RebuildMessages = []RebuildMessage{} // nothing asks for it any more
		p.startAgent(w)
		p.say(w, b, "done", "Workspace is ready")
		return
	}
	w.LatestStat.ContainerStatus, w.LatestStat.StatError = "FAILED", fail
	p.say(w, b, "error", fail)
	p.say(w, b, "done", "Workspace build failed")
}

// sleep waits, or reports false if the context ends or the primary closes first.
func (p *Primary) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-p.closing:
		return false
	}
}

func buildEndpoint(id, rest string) methods {
	if rest != "watch-update" {
		return nil
	}
	return methods{http.MethodGet: {serve: func(c *call) error { return c.watchBuild(id) }}}
}

// watchBuild sends the messages of the build that runs, from its first one, or
// of the next to begin, and goes on with the builds after it until the client
// closes the connection.
func (c *call) watchBuild(id string) error {
	p := c.primary
	p.mu.Lock()
	w := p.workspace(id)
	seen := w != nil && c.maySeeWorkspace(w)
	p.mu.Unlock()
	if !seen {
		return notFound("workspace", id)
	}
	connection, err := websocket.Accept(c.w, c.r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return nil // Accept has answered
	}
	defer func() { _ = connection.CloseNow() }()
	ctx := connection.CloseRead(c.r.Context())
	for first := true; ; first = false {
		b := p.nextBuild(ctx, w, first && p.options.ReplayBuilds)
		if b == nil || !p.sendBuild(ctx, connection, b) {
			return nil
		}
	}
}

// nextBuild returns the workspace's build that runs, or else the last one if
// that is wanted, or else the next to begin; nil if the context ends or the
// primary closes before it does.
func (p *Primary) nextBuild(ctx context.Context, w *workspace, wantLast bool) *build {
	begins := make(chan *build, 1)
	p.mu.Lock()
	b := w.build
	if b == nil && wantLast {
		b = w.last
	}
	if b == nil {
		w.watchers = append(w.watchers, begins)
	}
	p.mu.Unlock()
	if b != nil {
		return b
	}
	select {
	case b = <-begins:
		return b
	case <-ctx.Done():
	case <-p.closing:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w.watchers = slices.DeleteFunc(w.watchers, func(c chan<- *build) bool { return c == begins })
	return nil
}

// sendBuild sends a build's messages, those to come as well, until it is over.
// It reports false if the client is gone or the primary closes.
func (p *Primary) sendBuild(ctx context.Context, connection *websocket.Conn, b *build) bool {
	for sent := 0; ; {
		p.mu.Lock()
		messages, changed, over := b.messages[sent:], b.changed, b.over
		p.mu.Unlock()
		for _, message := range messages {
			if wsjson.Write(ctx, connection, message) != nil {
				return false
			}
		}
		sent += len(messages)
		if over {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		case <-p.closing:
			return false
		}
	}
}
