package snapshot

import (
	"sync"
	"time"
)

const (
	// paceFirst is how many regions are looked at before anything is known of the machine.
	paceFirst = 16
	// paceLeast is how many are looked at on the busiest machine.
	paceLeast = 4
	// paceTick is how often the machine is measured.
	paceTick = 50 * time.Millisecond
	// paceLate is how late a timer fires on a machine that does not keep up. Answers of
	// servers wait as long until they are read, several times in one exchange.
	paceLate = 50 * time.Millisecond
)

// pace bounds how many regions are looked at at once. On a machine that does not keep up,
// deadlines pass although the answers have arrived, and healthy regions look broken. So the
// bound is halved when timers fire late, and grows with every region that is done in time.
type pace struct {
	mutex                 sync.Mutex
	turn                  *sync.Cond
	running, bound, limit int
	late                  bool
}

// newPace returns a pace of at most limit regions.
func newPace(limit int) *pace {
	p := &pace{bound: min(paceFirst, limit), limit: limit}
	p.turn = sync.NewCond(&p.mutex)
	return p
}

// begin waits for the turn of one more region.
func (p *pace) begin() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for p.running >= p.bound {
		p.turn.Wait()
	}
	p.running++
}

// end is called when a region is done.
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

// observe takes note of how late a timer has fired.
func (p *pace) observe(lateness time.Duration) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.late = lateness > paceLate; p.late {
		p.bound = max(min(p.bound, p.running)/2, min(paceLeast, p.limit))
	}
}
