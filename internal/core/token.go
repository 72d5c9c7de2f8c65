package core

import "time"

// token is the one token there is, or was: when it is not on, only its number still counts, for a value that comes again.
type token struct {
	on          bool
	id          uint64
	publication uint64
	due, end    time.Time // by the wall
	dueAt       Elapsed   // the same moment as due, unless the wall clock was stepped
	arrived     Elapsed
	dormant     bool
	forGuard    bool // it was fetched because of a rejection
	repeated    bool // the endpoint handed the value out a second time
}

// lifetime is what becomes of an endpoint's word.
type lifetime struct {
	start, due, end, expiry time.Time
}

// lifetimeOf computes a token's times. A value that came again is kept until its very expiry, because its successor is to
// be had only then, and asked for from the usable end on (M5).
func (t *turn) lifetimeOf(start time.Time, r Result) lifetime {
	expiry := r.Expiry.Round(0)
	if r.Expiry.IsZero() {
		expiry = start.Add(t.policy.DefaultLifetime)
	}
	if latest := start.Add(maxLifetime); expiry.After(latest) {
		expiry = latest
	}
	life := expiry.Sub(start)
	usable := life - t.margin(life)
	l := lifetime{start: start, end: start.Add(usable), expiry: expiry}
	if r.Same {
		// Not in the last second either: a fetch there would hold up the one that the expiry calls for.
		l.due, l.end = start.Add(min(usable, life-restart)), expiry
		return l
	}
	l.due = start.Add(t.dueAfter(usable, r.RefreshIn))
	return l
}

func (t *turn) margin(life time.Duration) time.Duration {
	if t.policy.Margin > 0 {
		return min(t.policy.Margin, life/2)
	}
	return min(maxMargin, life/marginPart)
}

// dueAfter is how much of the usable life passes before a refresh (M4).
func (t *turn) dueAfter(usable, refreshIn time.Duration) time.Duration {
	at := time.Duration(float64(usable) * t.policy.RefreshFraction)
	if refreshIn > 0 {
		at = min(refreshIn, usable)
	}
	at += time.Duration(float64(usable) * t.policy.Jitter * (2*t.draw - 1))
	at = min(at, usable-refreshesPerFetch*t.lastDuration)
	return max(at, usable/2)
}

// left is how much of a lifetime is left, by the wall clock or by the time elapsed, whichever is less: the wall clock may
// have been stepped back since the fetch began.
func (t *turn) left(f flight, l lifetime) time.Duration {
	return min(l.end.Sub(t.wall), l.end.Sub(l.start)-(t.elapsed-f.began))
}

// publish hands the token out from now on.
func (t *turn) publish(f flight, l lifetime, same bool) {
	id := t.token.id
	if !same {
		id = t.nextToken()
	}
	t.publications++
	t.token = token{
		on:          true,
		id:          id,
		publication: t.publications,
		due:         l.due,
		end:         l.end,
		dueAt:       f.began + l.due.Sub(l.start),
		arrived:     t.elapsed,
		forGuard:    t.token.forGuard && same,
		repeated:    same,
	}
	t.Publish = true
	t.Publication = Publication{
		Number: t.publications, Token: id,
		Start: l.start, RefreshTime: l.due, EffectiveExpiry: l.end, Expiry: l.expiry, Life: t.left(f, l),
	}
	t.event(Event{Kind: Published, Token: id, Until: l.end})
}

func (t *turn) nextToken() uint64 {
	t.tokens++
	return t.tokens
}

// lose takes the token back because it reached its usable end or was rejected. A refresh that is in flight becomes the
// round of those who will wait, and a wait between refreshes is lifted, so that the first of them gets a round (M9).
func (t *turn) lose() {
	t.withdraw()
	if t.backoff.kind == refreshing {
		t.backoff.lift()
	}
	if t.flight.on && !t.flight.told && !t.round.on {
		t.startRound(t.flight.cause)
	}
}

func (t *turn) withdraw() {
	t.token.on = false
	t.Withdraw = true
	t.event(Event{Kind: Withdrawn, Token: t.token.id})
}

func (t *turn) expire(in Input) {
	if t.token.on && t.token.publication == in.Publication {
		t.lose()
	}
}
