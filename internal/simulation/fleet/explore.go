package fleet

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// Found is what a visit saw.
type Found struct {
	World               string
	States, Transitions int
	Violation           error // nil if every rule holds in every state
}

// explorer is one search.
type explorer struct {
	world  Small
	seen   map[string]bool // the keys of all states that were reached
	keys   []string        // in the order in which they were
	from   []int           // the state that each was reached from first
	by     []smallAction   // ... and by what
	s      *smallState     // the one that is being stepped
	broken error
	found  Found
}

// Explore visits every state of a small world, breadth first, until there are no more or a rule is broken.
func Explore(world Small) Found {
	x := &explorer{world: world, seen: map[string]bool{}}
	x.add(world.begin(), -1, smallAction{})
	for i := 0; i < len(x.keys) && x.broken == nil; i++ {
		for _, a := range x.actions(smallFromKey(&world, x.keys[i])) {
			x.s = smallFromKey(&world, x.keys[i])
			x.do(a)
			x.found.Transitions++
			if x.broken != nil {
				x.found.Violation = fmt.Errorf("%w\n%s  %s", x.broken, x.path(i), a)
				break
			}
			x.add(x.s, i, a)
		}
	}
	x.found.World, x.found.States = world.Name, len(x.keys)
	return x.found
}

// begin is the state in which nothing has happened.
func (w *Small) begin() *smallState {
	start := time.Unix(0, 0).UTC()
	s := &smallState{endpoint: endpoint.New(w.policy())}
	for i := range s.tokens {
		s.tokens[i].core = core.NewQueued(smallPolicy)
		s.tokens[i].core.Step(start, 0, core.Input{})
		s.endpoint.Step(start, 0, endpoint.Input{Kind: endpoint.Attach, Client: w.client(i)})
	}
	return s
}

// add notes a state, unless it was reached before.
func (x *explorer) add(s *smallState, from int, by smallAction) {
	key := s.key()
	if x.seen[key] {
		return
	}
	x.seen[key] = true
	x.keys, x.from, x.by = append(x.keys, key), append(x.from, from), append(x.by, by)
}

// path is how a state was reached.
func (x *explorer) path(i int) (text string) {
	for ; i > 0; i = x.from[i] {
		text = fmt.Sprintf("  %s%s", x.by[i], text)
	}
	return text
}

// fail records the first rule that is broken.
func (x *explorer) fail(rule, format string, args ...any) {
	if x.broken == nil {
		x.broken = fmt.Errorf("%s is broken in the small world %q: %s", rule, x.world.Name, fmt.Sprintf(format, args...))
	}
}

// checkProgress: a caller that waits is waiting for something that will happen.
func (x *explorer) checkProgress() {
	s := x.s
	if s.underway() || s.alarm.on || s.inFlight() > 0 {
		return
	}
	for i := range s.tokens {
		if s.tokens[i].alarm.on {
			return
		}
	}
	for i := range s.tokens {
		if s.tokens[i].waiting {
			x.fail("E1", "a caller of token %d waits, and nothing will ever happen", i)
		}
	}
}
