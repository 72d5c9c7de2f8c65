package fleet

import (
	"fmt"
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/pool"
)

// smallPoolPolicy makes few distinct durations, and so few states.
var smallPoolPolicy = core.Policy{Attempts: 1, Jitter: -1}.WithDefaults()

// take is an owner that takes the message of a caller.
func (s *poolState) take(t *poolToken, c *poolCaller) {
	if t.life.Over() {
		s.reply(t, c, core.Shut)
		return
	}
	if c.watcher {
		c.phase = watching
		t.watchers++
		s.step(t, c, core.Input{Kind: core.Watch})
		return
	}
	t.called, t.used = s.now, pool.Use(t.used, s.now)
	s.step(t, c, core.Input{Kind: core.Get})
}

// step is a step of an owner, up to the point where it lets the pool know.
func (s *poolState) step(t *poolToken, from *poolCaller, in core.Input) {
	in.Read, in.Watched = true, t.watchers > 0
	e := t.core.Step(time.Unix(0, 0).UTC().Add(s.now), 0, in)
	if e.Cancel {
		t.ended = true
	}
	if e.Withdraw {
		t.published = false
	}
	if e.Publish {
		t.published = true
	}
	if e.Fetch {
		s.broken(t.flying, "M3", "a token has two fetches in flight")
		t.flying, t.flight = true, e.Flight
	}
	if e.Release != core.None {
		released := t.waiting
		t.waiting = nil
		for _, c := range released {
			s.reply(t, c, e.Release)
		}
	}
	switch {
	case from == nil || from.watcher:
	case e.Reply == core.Wait || e.Reply == core.WaitOrServe:
		from.phase = waiting
		t.waiting = append(t.waiting, from)
	default:
		s.reply(t, from, e.Reply)
	}
	if e.Notify == core.Shut || from != nil && from.watcher && e.Reply == core.Shut {
		for _, c := range s.callers {
			if c.phase == watching && c.token == t {
				c.token, c.phase = nil, looking
				t.watchers--
			}
		}
	}
	if e.Ended {
		s.broken(len(t.waiting) > 0, "P4", "a token has left the pool, and a caller that waited has no reply")
		t.life.End()
		return
	}
	t.settling = true
}

// settle is an owner that lets the pool know.
func (s *poolState) settle(t *poolToken) {
	t.settling = false
	if t.life.Over() {
		return
	}
	busy, changed := t.life.Settle(pool.Standing{
		Resting: t.core.Resting(), Waiting: len(t.waiting) > 0, Watched: t.watchers > 0, BackingOff: t.core.BackingOff(),
		Called: t.called, Now: s.now,
	})
	if changed {
		s.members.Settle(t, busy)
	}
	failing := t.core.BackingOff() && t.called+time.Minute > s.now
	t.stays = len(t.waiting) > 0 || t.flying || t.watchers > 0 || failing
	s.broken(busy != t.stays, "P4", "a token counts as busy: %v; it must stay: %v", busy, t.stays)
}

// reply is what a caller gets.
func (s *poolState) reply(t *poolToken, c *poolCaller, r core.Reply) {
	s.broken(!slices.Contains(s.callers, c), "P4", "a caller gets a second reply")
	switch {
	case r != core.Shut:
		s.broken(t.key != c.key, "P2", "a caller gets the token of another key")
		s.broken(r == core.Serve && !t.published, "P4", "a caller is served a token that is not there")
		s.leave(c)
	case t.life.Reason() == pool.Forgotten: // it asks the token that takes the place of this one
		c.token, c.phase = nil, looking
	default:
		s.broken(true, "P4", "a caller learns that the pool is closed")
	}
}

// check holds every state against the rules.
func (s *poolState) check() {
	var of [poolKeys]int
	all := 0
	for _, t := range s.tokens {
		if t.member {
			of[t.key]++
			all++
			s.broken(s.index[t.key] != t, "P1", "a token is in the pool and cannot be found by its key")
		}
	}
	for key, n := range of {
		s.broken(n > 1, "P1", "key %d has %d tokens", key, n)
		s.broken(n == 0 && s.index[key] != nil, "P4", "a token that has left the pool is still found by its key")
	}
	s.broken(all > s.world.MaxTokens, "P4", "there are %d tokens, and the limit is %d", all, s.world.MaxTokens)
	total, _ := s.members.Counts()
	s.broken(total != all, "P4", "there are %d tokens, and the pool counts %d", all, total)
	for _, a := range s.actions() {
		if a.verb >= callerLooks && a.verb <= fetchFails {
			return
		}
	}
	for _, c := range s.callers {
		s.broken(c.phase != watching, "P4", "a caller of key %d waits, and nothing will ever happen", c.key)
	}
}

func (s *poolState) broken(is bool, rule, format string, args ...any) {
	if is && s.violated == nil {
		s.violated = fmt.Errorf("%s is broken in the small world %q: %s", rule, s.world.Name, fmt.Sprintf(format, args...))
	}
}
