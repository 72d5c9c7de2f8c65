package explore

import (
	"fmt"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// path replays how a state was reached and what was done then, on a core that keeps its times and numbers, so that
// people can follow it.
func (x *explorer) path(i int, last ...action) []string {
	s := x.beginning()
	var lines []string
	var elapsed time.Duration
	replay := func(a action) {
		defer x.recoverPanic()
		line := x.describe(a)
		if a.verb == pass {
			d, _ := s.nextMoment(x.world.Fetcher)
			elapsed += d
		}
		at := fmt.Sprintf("%10v  ", elapsed)
		lines = append(lines, at+line) // so that a step that panics is there as well
		if came := x.do(&x.second, &s, a).outcome(); came != "" {
			lines[len(lines)-1] += ": " + came
		}
	}
	for _, a := range append(x.graph.Path(i), last...) {
		replay(a)
	}
	return lines
}

// outcome is what came of an action.
func (t *step) outcome() string {
	if !t.heard {
		return ""
	}
	var came []string
	e := &t.effects
	for i := range e.N {
		came = append(came, t.describeEvent(&e.Events[i]))
	}
	if e.Reply != core.None {
		came = append(came, "reply: "+replyNames[e.Reply])
	}
	if e.Release != core.None {
		came = append(came, fmt.Sprintf("%d who waited get: %s", t.was.waiting, replyNames[e.Release]))
	}
	if e.Notify != core.None && t.in.Watched {
		came = append(came, "watchers learn: "+replyNames[e.Notify])
	}
	if e.Ended {
		came = append(came, "the end")
	}
	return strings.Join(came, "; ")
}

func (t *step) describeEvent(ev *core.Event) string {
	text := eventNames[ev.Kind]
	in := ev.Until.Sub(t.core.Wall())
	switch ev.Kind {
	case core.FetchStarted:
		text = fmt.Sprintf("fetch %d starts (%s, attempt %d)", ev.Flight, causeNames[ev.Cause], ev.Attempt)
	case core.FetchEnded:
		text = fmt.Sprintf("fetch %d ends (%s)", ev.Flight, classNames[ev.Class])
	case core.FetchAbandoned:
		text = fmt.Sprintf("fetch %d is abandoned", ev.Flight)
	case core.Published:
		text = fmt.Sprintf("token %d is published for %v", ev.Token, in)
	case core.Withdrawn:
		text = fmt.Sprintf("token %d is withdrawn", ev.Token)
	case core.BackedOff, core.RejectionSuppressed:
		text += fmt.Sprintf(" for %v", in)
	}
	return text
}
