package snapshot

import (
	"sync"
	"time"
)

const (
	paceFirst = 16                    // regions read at once before the machine's speed is known
	paceLeast = 4                     // regions read at once on the busiest machine
	paceTick  = 50 * time.Millisecond // how often the machine is measured
	paceLate  = 50 * time.Millisecond // how late timers fire, and answers are read, on a machine that does not keep up
)

// pace bounds how many regions are read at once. On a machine that does not keep up, deadlines pass although answers
// have arrived, and healthy regions look broken: late timers halve the bound, and every region in time raises it.
type pace struct {
	mutex                 sync.Mutex
	turn                  *sync.Cond
	running, bound, limit int
	late                  bool
}

func newPace(limit int) *pace {
	p := &pace{bound: min(paceFirst, limit), limit: limit}
	p.turn = sync.NewCond(&p.mutex)
	return p
}

func (p *pace) begin() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for p.running >= p.bound {
		p.turn.Wait()
	}
	p.running++
}

func (p *pace) end() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.running--
	if !p.late {
		p.bound = min(p.bound+1, p.limit)
	}
	p.turn.Broadcast()
}

// watch measures the machine until done is closed.
func (p *pace) watch(done <-chan struct{}) {
	for {
		asked := time.Now()
		select {
		case <-done:
			return
		case <-time.After(paceTick):
			p.observe(time.Since(asked) - paceTick)
		}
	}
}

func (p *pace) observe(lateness time.Duration) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.late = lateness > paceLate; p.late {
		p.bound = max(min(p.bound, p.running)/2, min(paceLeast, p.limit))
	}
}
