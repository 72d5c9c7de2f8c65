package explore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/simulation/search"
)

// Result is what a search found.
type Result struct {
	// World is the name of the world.
	World string
	// States is how many different states were reached, Transitions how many steps were taken from them, Depth how many
	// steps it takes at most to get to a state.
	States, Transitions, Depth int
	// Seen counts the transitions in which something happened, by its name. What never happened is not in it.
	Seen map[string]int
	// Violation is the first rule that was found broken, on a shortest path; nil if all hold in every state. A search
	// ends with it.
	Violation *Violation
}

// Violation is a broken rule. It is an error.
type Violation struct {
	// Rule is its name in PROMISES.md, such as "M3".
	Rule string
	// Text says what is wrong.
	Text string
	// Path is every step from the beginning, a line each, with the time it happened at and what came of it.
	Path []string
}

// Error says which rule is broken, and how to get there.
func (v *Violation) Error() string {
	text := fmt.Sprintf("rule %s is broken: %s", v.Rule, v.Text)
	for _, line := range v.Path {
		text += "\n  " + line
	}
	return text
}

// Explore visits every state of a world, breadth first, until there are no more or a rule is broken. progress, unless
// nil, is called now and then with the number of states so far, on the same goroutine. The error is that of a world
// that makes no sense, with every field that does not, or the context's cause; the result is then that of the part that
// was visited.
//
// The search is deterministic, and takes some 150 bytes of memory a state.
func Explore(ctx context.Context, w World, progress func(states int)) (Result, error) {
	if err := w.validate(); err != nil {
		return Result{World: w.Name}, err
	}
	x := newExplorer(w)
	err := x.search(ctx, progress)
	return x.result(), err
}

// explorer is one search.
type explorer struct {
	world     World
	policy    core.Policy
	draws     []float64
	responses []Response    // the world's, and that of a world whose faults have ended
	slack     time.Duration // what the clock's steps may add to a bound

	graph       *search.Graph[action]
	transitions int
	seen        tally
	step        step     // the step that is taken
	second      step     // another one, to compare with or to see where it leads
	recovery    []action // the last way out of a state that was tried
	broken      *Violation
	scratch     scratch
}

// scratch is room that is used over and over, because states are large.
type scratch struct {
	key, referenceKey   []byte
	from, to, reference state
}

func newExplorer(w World) *explorer {
	return &explorer{
		world:     w,
		policy:    w.policy(),
		draws:     w.draws(),
		responses: append(slices.Clone(w.Responses), recovered),
		slack:     time.Duration(w.ClockSteps) * w.ClockStep,
		graph:     search.New[action](),
	}
}

// beginning is a manager that is new. It has heard something that asks for nothing, and so knows the time.
func (x *explorer) beginning() state {
	s := state{core: core.New(x.policy)}
	s.checker.sinceRejection = second
	s.core.Step(time.Unix(0, 0).UTC(), x.draws[0], core.Input{})
	return s
}

func (x *explorer) search(ctx context.Context, progress func(states int)) error {
	first := x.beginning()
	x.graph.Add(x.appendKey(nil, &first), 0, action{})
	var actions []action
	return x.graph.Visit(ctx, progress, func(i int) bool {
		x.scratch.from = x.fromKey(x.graph.Key(i))
		actions = x.actions(actions[:0], &x.scratch.from)
		for _, a := range actions {
			x.visit(i, a)
			if x.broken != nil {
				x.broken.Path = x.path(i, append([]action{a}, x.recovery...)...)
				return false
			}
		}
		return true
	})
}

// visit takes one step and, if it leads to a state that is new, checks that there is a way out of it.
func (x *explorer) visit(i int, a action) {
	x.recovery = x.recovery[:0]
	if !x.take(a) {
		return
	}
	x.transitions++
	x.seen.note(&x.step)
	if x.graph.Add(x.scratch.key, i, a) {
		x.checkRecovery(&x.scratch.to)
	}
}

// take takes one step, with every check.
func (x *explorer) take(a action) (ok bool) {
	defer x.recoverPanic()
	c := &x.scratch
	c.to = c.from
	t := x.do(&x.step, &c.to, a)
	c.key = x.appendKey(c.key[:0], &c.to)
	x.checkReference(&c.from, t)
	return x.broken == nil
}

// recoverPanic makes a panic of the core a broken rule.
func (x *explorer) recoverPanic() {
	if r := recover(); r != nil {
		x.fail("no panic", "%v", r)
	}
}

// fail notes a broken rule, unless one is broken already.
func (x *explorer) fail(rule, format string, args ...any) {
	if x.broken == nil {
		x.broken = &Violation{Rule: rule, Text: fmt.Sprintf(format, args...)}
	}
}

func (x *explorer) result() Result {
	return Result{
		World:       x.world.Name,
		States:      x.graph.Len(),
		Transitions: x.transitions,
		Depth:       x.graph.Depth(),
		Seen:        x.seen.byName(),
		Violation:   x.broken,
	}
}
