package codertest

import "context"

// rebuildsAtOnce is how many workspaces of a provider are rebuilt at a time after its switch (chosen).
const rebuildsAtOnce = 3

// rebuildsOnToggle reports whether a change of Networking v2 rebuilds the provider's workspaces, as it does from
// v1.21.1 on (Coder's changelog). The caller holds mu.
func (p *Primary) rebuildsOnToggle() bool { return p.hasNetV2() && p.patch >= 1 }

// rebuildProvider rebuilds the provider's workspaces that are ON, a few at a time. A workspace that is being built
// follows after its build, which began before the switch; one that somebody builds before its turn is skipped; another
// switch of the provider cancels the rest (all chosen). The caller holds mu.
func (p *Primary) rebuildProvider(providerID string) {
	if stop := p.rebuilding[providerID]; stop != nil {
		stop()
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.rebuilding[providerID] = cancel
	turns := make(chan struct{}, rebuildsAtOnce)
	for _, w := range p.workspaces {
		if w.ResourcePoolID != providerID || w.build == nil && w.LatestStat.ContainerStatus != "ON" {
			continue
		}
		latest := w.last
		if w.build != nil {
			latest = w.build
		}
		p.running.Go(func() {
			select {
			case turns <- struct{}{}:
				p.rebuildOne(ctx, w, latest)
				<-turns
			case <-ctx.Done():
			case <-p.closing:
			}
		})
	}
}

// rebuildOne rebuilds a workspace if it is ON and that is still its latest build, and returns after the new one.
func (p *Primary) rebuildOne(ctx context.Context, w *workspace, latest *build) {
	if !p.awaitBuild(ctx, w) {
		return
	}
	p.mu.Lock()
	begun := ctx.Err() == nil && w.build == nil && w.last == latest && w.LatestStat.ContainerStatus == "ON"
	if begun {
		p.startBuild(w)
	}
	p.mu.Unlock()
	if begun {
		p.awaitBuild(ctx, w)
	}
}

// awaitBuild waits until no build of the workspace is in progress. It reports false if the
// context ends or the primary closes first.
func (p *Primary) awaitBuild(ctx context.Context, w *workspace) bool {
	for {
		p.mu.Lock()
		b := w.build
		var changed chan struct{}
		if b != nil {
			changed = b.changed
		}
		p.mu.Unlock()
		if b == nil {
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
