package explore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
)

// Walk takes random steps in a world twice: with a core that keeps all its times, names and memory, and with one that
// is restored from its key after every step. It reports the first step after which they differ, or that breaks a rule.
func Walk(w World, seed uint64, steps int) error {
	x := newExplorer(w)
	rng := rand.New(rand.NewPCG(seed, 0))
	whole := x.beginning()
	var actions []action
	for i := range steps {
		key := x.appendKey(nil, &whole)
		restored := x.fromKey(key)
		actions = x.actions(actions[:0], &whole)
		if len(actions) == 0 {
			return nil
		}
		if other := x.actions(nil, &restored); fmt.Sprint(other) != fmt.Sprint(actions) {
			return fmt.Errorf("step %d: %v can happen, or %v", i, actions, other)
		}
		a := actions[rng.IntN(len(actions))]
		x.do(&x.step, &whole, a)
		x.do(&x.second, &restored, a)
		if x.broken != nil {
			return x.broken
		}
		if !bytes.Equal(x.appendKey(nil, &whole), x.appendKey(nil, &restored)) {
			return fmt.Errorf("step %d: %s leads elsewhere from a restored state", i, x.describe(a))
		}
	}
	return nil
}

// PathTo is the path to the first state in which an event happened.
func PathTo(w World, event string) []string {
	x := newExplorer(w)
	first := x.beginning()
	x.graph.Add(x.appendKey(nil, &first), 0, action{})
	for i := 0; i < x.graph.Len(); i++ {
		x.scratch.from = x.fromKey(x.graph.Key(i))
		for _, a := range x.actions(nil, &x.scratch.from) {
			x.visit(i, a)
			if x.seen.byName()[event] > 0 {
				return x.path(i, a)
			}
		}
	}
	return nil
}
