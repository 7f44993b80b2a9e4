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
	// told is set when a client has received all of it.
	told bool
}

// startBuild begins a build of the workspace, which ends after the primary's build time. The time of the last build is
// when it began (chosen). The caller holds mu.
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

// runBuild writes a build's log, and ends it ON, or FAILED with the message.
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

// watchBuild sends the messages of the present build from the first, of a finished one whose end nobody has seen, or of
// the next, and continues with later builds until the client closes the connection.
func (c *call) watchBuild(id string) error {
	p := c.primary
	p.mu.Lock()
	w := p.workspace(id)
	seen := w != nil && c.maySeeWorkspace(w)
	p.mu.Unlock()
	if !seen {
		return notFound("workspace", id)
	}
	if err := checkUpgrade(c.r); err != nil {
		return err
	}
	builds := p.subscribe(w, p.options.ReplayBuilds) // before the client can know that it watches
	defer func() { p.unsubscribe(w, builds) }()
	connection, err := websocket.Accept(c.w, c.r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return nil // Accept has answered
	}
	defer func() { _ = connection.CloseNow() }()
	ctx := connection.CloseRead(c.r.Context())
	for {
		select {
		case b := <-builds:
			if !p.sendBuild(ctx, connection, b) {
				return nil
			}
			builds = p.subscribe(w, false)
		case <-ctx.Done():
			return nil
		case <-p.closing:
			return nil
		}
	}
}

// subscribe returns a channel of one build: the workspace's present one; else the last, if wanted, or if nobody has
// received its end, since a client that requests a build and then watches it may be late; else the next.
func (p *Primary) subscribe(w *workspace, wantLast bool) chan *build {
	p.mu.Lock()
	defer p.mu.Unlock()
	builds := make(chan *build, 1)
	switch {
	case w.build != nil:
		builds <- w.build
	case w.last != nil && (wantLast || !w.last.told):
		builds <- w.last
	default:
		w.watchers = append(w.watchers, builds)
	}
	return builds
}

func (p *Primary) unsubscribe(w *workspace, builds chan<- *build) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.watchers = slices.DeleteFunc(w.watchers, func(c chan<- *build) bool { return c == builds })
}

// sendBuild sends a build's messages, present and future, until it ends. It reports false if the client is gone or the
// primary closes.
func (p *Primary) sendBuild(ctx context.Context, connection *websocket.Conn, b *build) bool {
	for sent := 0; ; {
		p.mu.Lock()
		messages, changed, over, told := b.messages[sent:], b.changed, b.over, b.told
		b.told = told || over // before the client can know that it has finished
		p.mu.Unlock()
		for _, message := range messages {
			if wsjson.Write(ctx, connection, message) != nil {
				p.mu.Lock()
				b.told = told
				p.mu.Unlock()
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
