package fleet

import (
	"fmt"

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

// visit is one in progress: the states of a small world, and what was found so far.
type visit[A fmt.Stringer] struct {
	*search.Graph[A]
	transitions int
	violation   error
}

func newVisit[A fmt.Stringer]() visit[A] { return visit[A]{Graph: search.New[A]()} }

// arrive is a state that an action leads to from another one. broken, if not nil, is the rule that it breaks. It
// reports whether the visit goes on.
func (v *visit[A]) arrive(key func() []byte, from int, by A, broken error) (goesOn bool) {
	v.transitions++
	if broken == nil {
		v.Add(key(), from, by)
		return true
	}
	text := ""
	for _, a := range append(v.Path(from), by) {
		text += "\n  " + a.String()
	}
	v.violation = fmt.Errorf("%w%s", broken, text)
	return false
}

func (v *visit[A]) found(world string) Found {
	return Found{World: world, States: v.Len(), Transitions: v.transitions, Depth: v.Depth(), Violation: v.violation}
}
