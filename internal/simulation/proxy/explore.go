package proxy

import (
	"context"
	"fmt"
	"slices"

	"github.com/alf-go/alf/internal/core/draining"
	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/simulation/search"
)

// Found is what a visit saw.
type Found struct {
	World               string
	States, Transitions int
	// Depth is how many events the farthest state is away from the beginning.
	Depth     int
	Violation error // nil if every rule holds in every state
}

// explorer is one visit: it does what package proxy does around the cores.
type explorer struct {
	*Small
	s      *smallState
	broken error
}

// Explore visits every state of a small world, breadth first, until there are no more, a rule is broken, or ctx ends,
// whose cause it then returns. progress, if not nil, is called now and then with how many states there are.
func Explore(ctx context.Context, world Small, progress func(states int)) (Found, error) {
	x := &explorer{Small: &world}
	graph := search.New[action]()
	states := []*smallState{newSmallState(&world)}
	graph.Add(states[0].key(), 0, action{})
	found := Found{World: world.Name}
	err := graph.Visit(ctx, progress, func(i int) bool {
		for _, a := range x.actions(states[i]) {
			found.Transitions++
			x.s = states[i].clone()
			x.do(a)
			x.check()
			if x.broken != nil {
				text := ""
				for _, a := range append(graph.Path(i), a) {
					text += "\n  " + a.String()
				}
				found.Violation = fmt.Errorf("%w%s", x.broken, text)
				return false
			}
			if graph.Add(x.s.key(), i, a) {
				states = append(states, x.s)
				x.checkEnd()
			}
		}
		states[i] = nil
		return true
	})
	found.States, found.Depth = graph.Len(), graph.Depth()
	return found, err
}

// fail records the first rule that is broken.
func (x *explorer) fail(rule, format string, args ...any) {
	if x.broken == nil {
		x.broken = fmt.Errorf("%s is broken in the small world %q: %s", rule, x.Name, fmt.Sprintf(format, args...))
	}
}

// do lets something happen.
func (x *explorer) do(a action) {
	s := x.s
	switch a.verb {
	case opens:
		s.process.opened = true
		x.stepProcess(draining.Input{Kind: draining.Opened})
	case becomesUsable:
		s.process.usable = true
		x.stepProcess(draining.Input{Kind: draining.Usable})
	case reloads:
		s.reloads++
		x.reload(a.number)
	case terminates:
		s.asked++
		x.stepProcess(draining.Input{Kind: draining.Terminated})
	case begins:
		s.began++
		g := &s.generations[s.current]
		g.requests++
		s.callers[a.number] = caller{busy: true, generation: s.current, pool: g.pools[a.pool], listener: a.listener}
	case upgrades:
		s.callers[a.number].upgraded = true
	case ends:
		s.generations[s.callers[a.number].generation].requests--
		s.callers[a.number] = caller{}
	case isQuiet:
		s.process.quiet = true
		x.stepProcess(draining.Input{Kind: draining.Quiet})
	case isUnused:
		s.generations[a.number].unused = true
		x.stepProcess(draining.Input{Kind: draining.Unused, Generation: draining.Generation(a.number + 1)})
	case isUnusedForNow:
		x.stepProcess(draining.Input{Kind: draining.Unused, Generation: draining.Generation(a.number + 1)})
	case listenerIsQuiet:
		s.removed[a.number].quiet = true
		x.stepListener(&s.removed[a.number], draining.Input{Kind: draining.Quiet})
	case listenerIsUnused:
		s.removed[a.number].unused = true
		x.stepListener(&s.removed[a.number], draining.Input{Kind: draining.Unused, Generation: 1})
	case waits:
		s.now = s.nextDeadline()
		if s.process.deadline == s.now {
			x.stepProcess(draining.Input{})
		}
		for i := range s.removed {
			if r := &s.removed[i]; !r.ended && r.deadline == s.now {
				x.stepListener(r, draining.Input{})
			}
		}
	}
}

// reload goes to another configuration.
func (x *explorer) reload(config int) {
	s := x.s
	before, next := &configurations[s.generations[s.current].config], &configurations[config]
	if x.stepProcess(draining.Input{Kind: draining.Reloaded, Policy: next.Policy}).Refused {
		return
	}
	plan := routing.PlanReload(before.Deployment, next.Deployment)
	x.checkPlan(before, next, plan)
	g := generation{config: config}
	for _, key := range next.Pools {
		at := len(s.pools)
		if i := slices.Index(before.Pools, key); i >= 0 && slices.Contains(plan.KeepPools, key) {
			at = s.generations[s.current].pools[i]
		} else {
			s.pools = append(s.pools, smallPool{key: key})
		}
		g.pools = append(g.pools, at)
	}
	s.generations = append(s.generations, g)
	s.current++
	s.open(plan.Open)
	s.accepting = slices.DeleteFunc(s.accepting, func(listener int) bool {
		gone := slices.Contains(plan.Drain, s.listeners[listener])
		if gone {
			s.removed = append(s.removed, removedListener{listener: listener, life: life{core: draining.New(before.Policy), policy: before.Policy}})
		}
		return gone
	})
	for i := range s.removed {
		if r := &s.removed[i]; !r.terminated {
			x.stepListener(r, draining.Input{Kind: draining.Terminated})
		}
	}
}

// stepProcess has the core of the process take an input, and carries out what it wants done.
func (x *explorer) stepProcess(in draining.Input) draining.Effects {
	s := x.s
	e := x.step(&s.process, in)
	if in.Kind == draining.Reloaded && !e.Refused {
		s.process.policy = in.Policy
	}
	if e.Drain {
		s.accepting = nil
	}
	for _, number := range e.Retire {
		x.retire(int(number) - 1)
	}
	return e
}

// stepListener does the same of a listener that was removed, which has one generation.
func (x *explorer) stepListener(r *removedListener, in draining.Input) {
	e := x.step(&r.life, in)
	if e.Ready || e.Refused {
		x.fail("X3", "a removed listener is ready or reloaded")
	}
	if e.End && !x.over(&r.life) && (x.s.anyConnection(r.listener) || x.s.anyUpgraded(r.listener)) {
		x.fail("X3", "the removed listener %q has ended with requests, %v after its removal", x.s.listeners[r.listener], x.s.now-r.at)
	}
}

// retire closes the pools that no generation has any more.
func (x *explorer) retire(i int) {
	s := x.s
	g := &s.generations[i]
	if g.retired {
		x.fail("X3", "generation %d is retired twice", i+1)
	}
	g.retired = true
	if g.requests > 0 && !x.over(&s.process) {
		x.fail("X3", "generation %d is retired while a request uses it", i+1)
	}
	if i == s.current && !s.process.quiet && !x.over(&s.process) {
		x.fail("X3", "the current generation is retired, although requests may begin")
	}
	for _, pool := range g.pools {
		s.pools[pool].closed = !x.isHad(pool)
	}
}

// isHad reports whether a generation that is not retired has a pool.
func (x *explorer) isHad(pool int) bool {
	return slices.ContainsFunc(x.s.generations, func(g generation) bool { return !g.retired && slices.Contains(g.pools, pool) })
}
