// Package search visits every state of a small world, breadth first. What a state is and what can happen in it is for
// its users to say: packages explore, fleet and sharing.
package search

import "context"

// often is the number of states between two looks at the context and two reports of progress.
const often = 1 << 10

// Visit calls expand with the number of each state, in the order in which they were reached, until there are no more,
// it returns false, or ctx ends, whose cause is then the error. expand adds the states that follow. progress, unless
// nil, is called now and then with the number of states so far, on the same goroutine.
func (g *Graph[A]) Visit(ctx context.Context, progress func(states int), expand func(i int) bool) error {
	level := g.Len() // where the states of the next depth begin
	for i := 0; i < g.Len(); i++ {
		if i == level {
			g.depth++
			level = g.Len()
		}
		if i%often == 0 {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if progress != nil {
				progress(g.Len())
			}
		}
		if !expand(i) {
			break
		}
	}
	return nil
}

// Depth is how many actions the state that was visited last is away from the first one. No state before it is farther.
func (g *Graph[A]) Depth() int { return g.depth }
