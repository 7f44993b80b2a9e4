package walk

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// step is one step of a walk. It is drawn completely before the walk begins, and its effect
// depends only on the region, so that a walk can be cut short or repeated without some of its
// steps.
type step struct {
	// world is an action of the world; empty if the plugin is run.
	world string
	// verb is the plugin's verb and flags. how and call say how and at which call it is
	// disturbed.
	verb string
	how  disturb
	call int
	// fault is the answer to that call, seconds how long something lasts, and other what another
	// operator runs meanwhile, or what the world does.
	fault   meddle.Fault
	seconds int
	other   string
	// pick selects one of the objects that an action finds.
	pick int
}

// disturb is how a run of the plugin is disturbed.
type disturb string

const (
	plain       disturb = ""
	killed      disturb = "killed before"
	killedLate  disturb = "killed after the effect of"
	interrupted disturb = "interrupted (SIGINT) at"
	stopped     disturb = "stopped (SIGSTOP) at"
	misled      disturb = "misled at"
	behind      disturb = "with the world at work at"
	primaryAway disturb = "with the primary away from"
	apiAway     disturb = "with the API server away from"
)

// String describes a step in one line.
func (s step) String() string {
	if s.world != "" {
		return fmt.Sprintf("the world: %s (%d)", s.world, s.pick)
	}
	text := s.verb
	if s.how != plain {
		text += fmt.Sprintf(", %s call %d", s.how, s.call)
	}
	switch s.how {
	case misled:
		text += ": " + string(s.fault)
	case behind:
		text += fmt.Sprintf(": %s (%d)", s.other, s.pick)
	case stopped:
		text += fmt.Sprintf(", for %d s", s.seconds)
		if s.other != "" {
			text += ", while another operator runs " + s.other
		}
	case primaryAway, apiAway:
		text += fmt.Sprintf(", for %d s", s.seconds)
	}
	return text
}

// options are the words of the verb, without the flags that every run has.
func (s step) options() []string { return strings.Fields(s.verb) }

// weighted is a choice that is drawn with this weight.
type weighted[T any] struct {
	what   T
	weight int
}

func draw[T any](random *rand.Rand, choices []weighted[T]) T {
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	n := random.IntN(total)
	for _, c := range choices {
		if n -= c.weight; n < 0 {
			return c.what
		}
	}
	return choices[0].what
}

func verbs() []weighted[string] {
	return []weighted[string]{
		{"migrate", 40}, {"rollback", 14}, {"rollback --remove-satellite", 5}, {"retain", 9}, {"remove", 4}, {"finalize", 2}, {"finalize --force --reason walk", 3},
		{"unlock --reason walk", 3}, {"status", 9}, {"plan", 6}, {"verify --pings 2 --timeout 20s", 5},
	}
}

func disturbances() []weighted[disturb] {
	return []weighted[disturb]{
		{plain, 40}, {killed, 9}, {killedLate, 9}, {interrupted, 8}, {stopped, 6}, {misled, 12}, {behind, 10}, {primaryAway, 6}, {apiAway, 4},
	}
}

// steps draws a walk for this shape. All random decisions depend only on the seed.
func steps(seed uint64, count, longest int, in shape) []step {
	random := rand.New(rand.NewPCG(seed, 9))
	var walk []step
	for i := range count {
		s := step{pick: random.IntN(1000)}
		verb, how, world := draw(random, verbs()), draw(random, disturbances()), draw(random, in.worldly())
		call, fault, seconds := 1+random.IntN(130), random.IntN(len(meddle.Faults())), 1+random.IntN(longest)
		other := draw(random, verbs())
		switch {
		case i == 0 && random.IntN(3) > 0:
			s.verb = in.some("migrate", s.pick) // most walks begin with a migrated region
		case random.IntN(100) < 45:
			s.world = world
		default:
			s.verb, s.how = in.some(verb, s.pick), how
			if how != plain {
				s.call = call
			}
			switch how {
			case misled:
				s.fault = meddle.Faults()[fault]
			case behind:
				s.other = world
			case stopped:
				s.seconds = 1 + seconds%6
				if s.seconds > 2 && seconds%2 == 0 {
					s.other = other
				}
			case primaryAway, apiAway:
				s.seconds = seconds
			}
		}
		walk = append(walk, s)
	}
	return walk
}
