package explore

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// lifetime is what the rules have to remember of the published token for callers that want one which remains valid for
// some time (M20). It is kept in worlds with such callers only.
type lifetime struct {
	effective time.Duration // of the published token, from the start of its fetch
	published time.Duration // since its publication; a second at most
}

func (l *lifetime) pass(d time.Duration) { l.published = min(l.published+d, second) }

// onLifetime notes a publication.
func (t *step) onLifetime() {
	if t.world.MinLife > 0 {
		t.lifetime = lifetime{effective: t.expected().usable}
	}
}

// wantsLonger: the caller wants a token that remains valid for longer than the published one does.
func (t *step) wantsLonger() bool {
	return t.in.Kind == core.Get && t.snapshot.on && t.snapshot.end < t.in.MinLife
}

// checkLonger: such a caller waits for a successor, unless none would be fetched now or none lives as long. The token
// stays in use for everybody else.
func (t *step) checkLonger() {
	switch t.effects.Reply {
	case core.Wait, core.Failed: // in which states is checked for all callers
		if t.effects.Reply == core.Wait && !t.was.serves() && t.lifetime.effective < t.in.MinLife {
			t.fail("M20", "a fetch is made for a caller that wants a longer life than tokens have")
		}
	case core.TooShort:
		if t.lifetime.effective >= t.in.MinLife || t.was.checker.round {
			t.fail("M20", "a caller is refused whose wish the next token may fulfil")
		}
	default:
		t.fail("M20", "a caller that wants a token for longer gets the reply %q", replyNames[t.effects.Reply])
	}
	// The end of a round that was overdue ends the first round of a contest.
	if t.effects.Withdraw || t.effects.Contested && t.effects.Release == core.None {
		t.fail("M20", "a caller that wants a token for longer takes it from others")
	}
}

// checkLongerStart: fetches for such callers start a second after the token at hand was published, lest they become a
// loop.
func (t *step) checkLongerStart(ev *core.Event) {
	if t.world.MinLife > 0 && ev.Cause == core.CauseManual && !t.byHand() && t.snapshot.on && t.lifetime.published+t.slack < second {
		t.fail("M20", "a token is fetched for a longer life %v after the last one came", t.lifetime.published)
	}
}
