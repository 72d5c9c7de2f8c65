package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// explorer is one search.
type explorer struct {
	visit[smallAction]
	world  Small
	s      *smallState // the one that is being stepped
	broken error
}

// Explore visits every state of a small world, breadth first, until there are no more, a rule is broken, or ctx ends,
// whose cause it then returns. progress, if not nil, is called now and then with how many states there are.
func Explore(ctx context.Context, world Small, progress func(states int)) (Found, error) {
	x := &explorer{visit: newVisit[smallAction](), world: world}
	x.Add(world.begin().key(), 0, smallAction{})
	err := x.Visit(ctx, progress, func(i int) bool {
		for _, a := range x.actions(smallFromKey(&world, x.Key(i))) {
			x.s = smallFromKey(&world, x.Key(i))
			x.do(a)
			if !x.arrive(x.s.key, i, a, x.broken) {
				return false
			}
		}
		return true
	})
	return x.found(world.Name), err
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
