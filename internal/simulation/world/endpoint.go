package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// issued is a token as the world knows it. Its value is its place in the list, from 1.
type issued struct {
	at, expires time.Duration // in true time
	revoked     bool
	keys        int // which keys signed it
}

// endpoint is the token endpoint that all processes share, and the registry of what it has issued.
type endpoint struct {
	w        *World
	trouble  Trouble
	tokens   []issued
	last     []int64 // per process, the value handed out last
	keys     int
	rolled   time.Duration
	requests int
}

// outcome is what a fetch will bring.
type outcome uint8

const (
	brings outcome = iota
	bringsSame
	bringsExpired
	failsTransient
	failsPermanent
	failsThrottled
	failsCancelled
)

var outcomeWords = [...]string{
	brings: "token", bringsSame: "the same token", bringsExpired: "expired token", failsTransient: "transient failure",
	failsPermanent: "permanent failure", failsThrottled: "throttled", failsCancelled: "cancelled",
}

// flight is a fetch that is running, abandoned or not.
type flight struct {
	id        uint64
	start     time.Time // by the process's clock
	begins    time.Duration
	takes     time.Duration
	outcome   outcome
	result    core.Result
	value     int64
	gen       uint32
	stuck     bool
	cancelled bool
	abandoned bool
}

// begin takes a request and decides when the response comes, and what it is.
func (e *endpoint) begin(p *process, id uint64) {
	e.requests++
	s, k := &e.w.rnd, &e.w.parameters
	f := flight{id: id, start: p.wall(), begins: e.w.now}
	latency := s.about(k.Latency)
	switch e.trouble {
	case Refusing:
		f.outcome, latency = failsTransient, time.Millisecond
	case Throttling, Overloaded:
		f.outcome = failsThrottled
		f.result.EndsRound = e.trouble == Throttling || k.RetryAfter > 0
		f.result.RetryAfter = s.about(k.RetryAfter)
		if !f.result.EndsRound {
			f.outcome = failsTransient
		}
	case Denying:
		f.outcome, f.result.Permanent, f.result.Recheckable = failsPermanent, true, k.Recheck
	case Garbling:
		f.outcome = failsTransient
	case Hanging:
		f.outcome, latency = failsTransient, time.Hour
	case Crawling:
		latency = s.between(4*time.Second, 20*time.Second)
	case Healthy:
	}
	if s.chance(k.Slow) {
		latency += s.between(time.Second, 9*time.Second)
	}
	if s.chance(k.Stuck) {
		f.stuck = true
		latency = min(latency, time.Minute) + s.between(5*time.Second, time.Minute)
	}
	f.takes = latency
	p.flights = append(p.flights, f)
	if e.w.rec != nil {
		e.w.rec.fetchStarts()
	}
	e.w.plan(event{at: e.w.now + latency, kind: fetchDone, p: p.id, a: int64(id)})
}

// issue makes the token a fetch brings, when it brings it.
func (e *endpoint) issue(p *process, f *flight) {
	s, k := &e.w.rnd, &e.w.parameters
	f.result.OK = true
	life := k.Lifetime
	if last := e.last[p.id]; k.Repeat && last != 0 {
		if t := &e.tokens[last-1]; e.w.now < t.expires && (!t.revoked || k.StaleRepeat) {
			f.value = last
			f.outcome = bringsSame
			f.result.Expiry = f.start.Add(t.expires - e.w.now)
			f.result.Same = last == p.held
			return
		}
	}
	switch {
	case s.chance(k.ExpiredOnArrival):
		f.outcome = bringsExpired
		life = pick(s, 0, -time.Second, -time.Hour)
		f.result.Expiry = f.start.Add(life)
	case s.chance(k.NoLifetime):
		life = 5 * time.Minute
		if s.chance(0.3) {
			life = 10000 * 24 * time.Hour
			f.result.Expiry = f.start.Add(life)
		}
	default:
		f.result.Expiry = f.start.Add(life)
	}
	if s.chance(k.RefreshIn) {
		f.result.RefreshIn = s.about(k.Lifetime / 2)
	}
	if k.OneActive {
		for i := len(e.tokens) - 1; i >= 0 && !e.tokens[i].revoked; i-- {
			e.tokens[i].revoked = true
		}
	}
	e.tokens = append(e.tokens, issued{at: e.w.now, expires: f.begins + life, keys: e.keys})
	f.value = int64(len(e.tokens))
	e.last[p.id] = f.value
}

func (e *endpoint) revokeAll() {
	for i := len(e.tokens) - 1; i >= 0 && !e.tokens[i].revoked; i-- {
		e.tokens[i].revoked = true
	}
	e.w.note(line{what: wRevoke})
}

// roll changes the keys. Until the APIs have noticed, they refuse what the new ones signed, and from then on the rest.
func (e *endpoint) roll() {
	e.keys++
	e.rolled = e.w.now
	e.w.note(line{what: wRoll})
}

// blame is why an API rejects a token.
type blame uint8

const (
	accepted  blame = iota
	badToken        // it is revoked, expired, or signed with other keys: another one would be accepted
	badServer       // no token would be accepted
)

// rejects reports whether and why an API rejects the token of a caller's request.
func (e *endpoint) rejects(c *caller) blame {
	k := &e.w.parameters
	if c.api == 0 && (k.AlwaysReject || int(c.path) < k.DeniedPaths || k.Introspects && e.trouble != Healthy || e.w.rnd.chance(k.BadReplicas)) {
		return badServer
	}
	t := &e.tokens[c.value-1]
	if t.revoked || c.sentAt >= t.expires {
		return badToken
	}
	lagging := e.keys > 0 && e.w.now < e.rolled+k.KeyLag
	if lagging != (t.keys < e.keys) {
		return badToken
	}
	return accepted
}
