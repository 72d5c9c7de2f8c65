package explore

import (
	"strings"

	"github.com/alf-go/alf/internal/core"
)

// tally counts what happened, so that a test can require that a rare thing was reached.
type tally struct {
	verbs    [verbs]int
	events   [len(eventNames)]int
	causes   [len(causeNames)]int
	classes  [len(classNames)]int
	replies  [len(replyNames)]int
	releases [len(replyNames)]int
	notices  [len(replyNames)]int
}

func (n *tally) note(t *step) {
	n.verbs[t.action.verb]++
	if !t.heard {
		return
	}
	e := &t.effects
	for i := range e.N {
		ev := &e.Events[i]
		n.events[ev.Kind]++
		switch ev.Kind {
		case core.FetchStarted, core.Published:
			n.causes[ev.Cause]++
		case core.FetchEnded:
			n.classes[ev.Class]++
		}
	}
	n.replies[e.Reply]++
	n.releases[e.Release]++
	if t.in.Watched {
		n.notices[e.Notify]++
	}
}

// anyOrigin makes the name of a verb one of all its actions.
var anyOrigin = strings.NewReplacer("API %d", "an API", ": %v", "")

func (n *tally) byName() map[string]int {
	seen := make(map[string]int)
	add := func(prefix string, names []string, counts []int) {
		for i, count := range counts {
			if count > 0 && names[i] != "" {
				seen[prefix+anyOrigin.Replace(names[i])] += count
			}
		}
	}
	add("", verbNames[:], n.verbs[:])
	add("", eventNames[:], n.events[:])
	add("cause: ", causeNames[:], n.causes[:])
	add("class: ", classNames[:], n.classes[:])
	add("reply: ", replyNames[:], n.replies[:])
	add("watchers learn: ", replyNames[:], n.notices[:])
	add("released: ", replyNames[:], n.releases[:])
	return seen
}
