package fleet

import (
	"fmt"
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/pool"
)

// poolAction is one thing that may happen: to a key, a token or a caller, by its number.
type poolAction struct {
	verb   poolVerb
	number int
}

type poolVerb uint8

const (
	callerComes poolVerb = iota
	watcherComes
	watcherGoes
	callerLooks
	callerAcquires
	ownerTakesCaller
	ownerTakesRetirement
	ownerSettles
	fetchSucceeds
	fetchFails
	forgottenByHand
	forgottenUnused
	minutePasses
	poolVerbs
)

var poolVerbNames = [poolVerbs]string{
	callerComes: "a caller comes and looks for key", watcherComes: "a watcher comes", watcherGoes: "the watcher goes, as caller",
	callerLooks: "looks again: caller", callerAcquires: "takes the lock: caller", ownerTakesCaller: "its owner takes the message of caller",
	ownerTakesRetirement: "its owner learns that it has left the pool: token", ownerSettles: "its owner lets the pool know: token",
	fetchSucceeds: "a token arrives for token", fetchFails: "the fetch fails of token", forgottenByHand: "forgotten by hand: key",
	forgottenUnused: "forgotten because no caller used it: token", minutePasses: "a minute passes",
}

// String is the action as a line of a path.
func (a poolAction) String() string { return fmt.Sprintf("%s %d", poolVerbNames[a.verb], a.number) }

// actions is everything that may happen in a state.
func (s *poolState) actions() (all []poolAction) {
	add := func(is bool, verb poolVerb, number int) {
		if is {
			all = append(all, poolAction{verb, number})
		}
	}
	for i, c := range s.callers {
		add(c.phase == looking, callerLooks, i)
		add(c.phase == missed, callerAcquires, i)
		add(c.phase == found && !c.token.settling, ownerTakesCaller, i)
	}
	for i, t := range s.tokens {
		add(t.retiring && !t.settling, ownerTakesRetirement, i)
		add(t.settling, ownerSettles, i)
		add(t.flying && !t.settling, fetchSucceeds, i)
		add(t.flying && !t.settling && s.world.Failing, fetchFails, i)
	}
	quiet := len(all) == 0
	for key := range poolKeys {
		add(s.came < s.world.Callers, callerComes, key)
		add(s.forgets < s.world.Forgets && s.index[key] != nil, forgottenByHand, key)
	}
	for i, t := range s.tokens {
		add(s.forgets < s.world.Forgets && t.member && !t.settling && !t.stays, forgottenUnused, i)
	}
	add(s.world.Watcher && !s.watched, watcherComes, 0)
	for i, c := range s.callers {
		add(c.phase == watching && !c.token.settling, watcherGoes, i)
	}
	add(quiet && s.minutes < s.world.Minutes, minutePasses, 0)
	return all
}

func (s *poolState) do(a poolAction) {
	switch a.verb {
	case callerComes:
		s.came++
		c := &poolCaller{key: a.number}
		s.callers = append(s.callers, c)
		s.look(c)
	case watcherComes:
		s.watched = true
		s.callers = append(s.callers, &poolCaller{watcher: true})
	case watcherGoes:
		c := s.callers[a.number]
		c.token.watchers--
		s.leave(c)
		s.step(c.token, nil, core.Input{})
	case callerLooks:
		s.look(s.callers[a.number])
	case callerAcquires:
		s.acquire(s.callers[a.number])
	case ownerTakesCaller:
		c := s.callers[a.number]
		s.take(c.token, c)
	case ownerTakesRetirement:
		t := s.tokens[a.number]
		t.retiring = false
		if !t.life.Over() {
			t.life.Retire(pool.Forgotten)
			s.step(t, nil, core.Input{Kind: core.Close})
		}
	case ownerSettles:
		s.settle(s.tokens[a.number])
	case fetchSucceeds, fetchFails:
		s.end(s.tokens[a.number], a.verb == fetchSucceeds)
	case forgottenByHand:
		s.forgets++
		t := s.index[a.number]
		if s.members.Remove(t) {
			s.left(t)
		}
	case forgottenUnused:
		s.forgets++
		t := s.tokens[a.number]
		s.broken(t.stays || !s.members.Forget(t, s.now+24*time.Hour), "P4", "an idle token that no caller uses is not forgotten")
		s.left(t)
	case minutePasses:
		s.minutes++
		s.now += time.Minute
		for _, t := range slices.Clone(s.tokens) {
			s.step(t, nil, core.Input{})
			s.settle(t)
		}
	}
	s.tokens = slices.DeleteFunc(s.tokens, func(t *poolToken) bool {
		return t.life.Over() && !t.retiring && !slices.ContainsFunc(s.callers, func(c *poolCaller) bool { return c.token == t })
	})
}

// look asks the index.
func (s *poolState) look(c *poolCaller) {
	if c.token = s.index.Find(c.key); c.token == nil {
		c.phase = missed
		return
	}
	c.phase = found
}

// acquire is what happens under the pool's lock.
func (s *poolState) acquire(c *poolCaller) {
	busy, idle := 0, 0
	for _, t := range s.tokens {
		if t.member && t.stays {
			busy++
		} else if t.member {
			idle++
		}
	}
	a, ok := s.members.Acquire(c.key, func() *poolToken {
		return &poolToken{key: c.key, core: core.New(smallPoolPolicy), life: pool.Begin(), used: s.now, member: true, stays: true}
	})
	if t := a.Evicted; t != nil {
		s.broken(t.stays, "P4", "a token makes room that has to stay")
		s.left(t)
	}
	if a.Created {
		s.broken(busy >= s.world.MaxBusy, "P4", "a token is added, and %d are busy", busy)
		s.tokens = append(s.tokens, a.Token)
	}
	if !ok {
		full := busy+idle >= s.world.MaxTokens && idle == 0
		s.broken(s.index[c.key] != nil, "P1", "a caller is refused, and its token is there")
		s.broken(busy < s.world.MaxBusy && !full, "P4", "a caller is refused, and there is room: %d busy, %d idle", busy, idle)
		s.leave(c) // a watcher would come again a second later, without end: this one gives up
		return
	}
	c.token, c.phase = a.Token, found
}

// left is a token that has left the pool: its owner will learn of it.
func (s *poolState) left(t *poolToken) { t.member, t.retiring = false, true }

// leave is a caller that has its reply.
func (s *poolState) leave(c *poolCaller) {
	s.callers = slices.DeleteFunc(s.callers, func(o *poolCaller) bool { return o == c })
}

// end is a fetch that ends.
func (s *poolState) end(t *poolToken, ok bool) {
	r := core.Result{OK: ok && !t.ended, Expiry: time.Unix(0, 0).UTC().Add(s.now + 24*time.Hour)}
	if !ok {
		r = core.Result{EndsRound: true, RetryAfter: 5 * time.Minute}
	}
	t.flying, t.ended = false, false
	s.step(t, nil, core.Input{Kind: core.Fetched, Flight: t.flight, Result: r})
}
