package fleet

import (
	"context"
	"slices"
)

// Found is what a visit saw.
type Found struct {
	World               string
	States, Transitions int
	// Depth is how many events the farthest state is away from the beginning.
	Depth     int
	Violation error // nil if every rule holds in every state
}

// graph is the states of a small world that were reached, and how.
type graph[A any] struct {
	seen        map[string]bool
	keys        []string // in the order in which they were reached
	from        []int    // the state that each was reached from first
	by          []A      // ... and by what
	depth       []int
	transitions int
	violation   error
}

// add notes a state, unless it was reached before.
func (g *graph[A]) add(key string, from int, by A) {
	if g.seen[key] {
		return
	}
	if g.seen == nil {
		g.seen = map[string]bool{}
	}
	g.seen[key] = true
	depth := 0
	if from >= 0 {
		depth = g.depth[from] + 1
	}
	g.keys, g.from, g.by, g.depth = append(g.keys, key), append(g.from, from), append(g.by, by), append(g.depth, depth)
}

// path is how a state was reached.
func (g *graph[A]) path(i int) (path []A) {
	for ; i > 0; i = g.from[i] {
		path = append(path, g.by[i])
	}
	slices.Reverse(path)
	return path
}

// visit calls expand for every state, which adds those that follow, until there are no more, it returns the violation
// of a rule, or ctx ends.
func (g *graph[A]) visit(ctx context.Context, progress func(states int), expand func(i int) error) error {
	const every = 1 << 10
	for i := 0; i < len(g.keys) && g.violation == nil; i++ {
		if i%every == 0 {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if progress != nil {
				progress(len(g.keys))
			}
		}
		g.violation = expand(i)
	}
	return nil
}

func (g *graph[A]) found(world string) Found {
	return Found{World: world, States: len(g.keys), Transitions: g.transitions, Depth: g.depth[len(g.depth)-1], Violation: g.violation}
}
