package fleet

import (
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// place is where a token is, whichever it is at the time: callers ask for the place.
type place struct {
	w     *World
	index int
}

// token is a token core and what is around it: callers, a published token, and the request in flight.
type token struct {
	w      *World
	id     int
	client uint64
	core   core.Core
	closed bool
	pooled // what it is in a pool, if there is one

	published      bool
	end            time.Duration
	refreshTime    time.Duration
	read, hinted   bool
	number, wakeNo int

	waiting []*caller
	ticket  endpoint.Ticket
	queued  map[endpoint.Ticket]uint64 // the flight of each ticket
	flight  request
	made    int  // requests in this round
	refused bool // the last failure was a refusal of the endpoint's
}

// caller is one that wants something of a token, until it has its reply.
type caller struct {
	id    int
	since time.Duration
	reply core.Reply
	asks  core.Input
	wish  // what it is in a pool, if there is one
}

// request is a token request.
type request struct {
	id        uint64
	began     time.Duration
	attempt   int
	fault     Fault
	after     time.Duration // Retry-After
	stuck     bool
	cancelled bool
	number    int
}

func (w *World) newToken(index int) *token {
	t := w.tokenOf(index, uint64(index%w.parameters.Clients)+1)
	w.toEndpoint(endpoint.Input{Kind: endpoint.Attach, Client: t.client}, nil)
	return t
}

func (w *World) tokenOf(id int, client uint64) *token {
	return &token{w: w, id: id, client: client, core: core.NewQueued(tokenPolicy), queued: map[endpoint.Ticket]uint64{}}
}

var tokenPolicy = core.Policy{}.WithDefaults()

func (p *place) token() *token { return p.w.tokens[p.index] }

// arrive is a caller that wants the token, and the next one.
func (p *place) arrive() {
	w := p.w
	w.After(w.rnd.about(w.parameters.Interval), p.arrive)
	p.token().get()
}

func (p *place) refresh() {
	t := p.token()
	t.step(core.Input{Kind: core.Refresh, Wait: true})
}

// replace closes the token and makes another one in its place.
func (p *place) replace() {
	w, old := p.w, p.token()
	old.step(core.Input{Kind: core.Close})
	old.closed = true
	w.toEndpoint(endpoint.Input{Kind: endpoint.Detach, Client: old.client}, nil)
	w.tokens[p.index] = w.newToken(p.index)
}

// get is what a caller does: it reads, and asks if there is nothing to read.
func (t *token) get() {
	if t.reads() {
		return
	}
	c := t.w.comes(core.Input{Kind: core.Get})
	t.stepFor(c, c.asks, nil)
}

// reads is a caller that looks whether there is a token that it may use.
func (t *token) reads() bool {
	w := t.w
	if !t.published || w.Now >= t.end || t.contested {
		return false
	}
	w.stats.Served++
	w.recorder.replied(true, false)
	t.noteRead()
	t.read = true
	if w.Now >= t.refreshTime && !t.hinted {
		t.hinted = true
		w.later(func() { t.step(core.Input{Kind: core.RefreshHint}) })
	}
	return true
}

// comes is a caller that has to wait for a reply.
func (w *World) comes(in core.Input) *caller {
	w.callers++
	c := &caller{id: w.callers, since: w.Now, asks: in}
	w.open[c.id] = c
	if w.parameters.Patience > 0 {
		w.After(w.rnd.about(w.parameters.Patience), func() { delete(w.open, c.id) })
	}
	return c
}

// leaves reports whether a caller is still there, and lets it go: it has its reply.
func (w *World) leaves(c *caller) bool {
	_, there := w.open[c.id]
	delete(w.open, c.id)
	return there
}

// hear is a message from the endpoint.
func (t *token) hear(id endpoint.Ticket, in core.Input) {
	if t.life.Over() {
		if in.Kind == core.Admitted {
			t.w.toEndpoint(endpoint.Input{Kind: endpoint.Ended, Ticket: id}, nil)
		}
		return
	}
	t.stepFor(nil, in, func(e *core.Effects) {
		if e.Decline {
			t.w.toEndpoint(endpoint.Input{Kind: endpoint.Ended, Ticket: id}, nil)
		}
	})
}

// step sends the core an input that is no caller's, and applies its effects.
func (t *token) step(in core.Input) { t.stepFor(nil, in, nil) }

// stepFor sends the core an input of a caller, if from is one, and applies its effects. also, if not nil, is what else
// there is to do about them.
func (t *token) stepFor(from *caller, in core.Input, also func(*core.Effects)) {
	w := t.w
	if w.violation != nil {
		return
	}
	if !t.takes(from, &in) {
		return
	}
	in.Read, in.Watched = t.read, t.watchers > 0
	e := t.core.Step(w.wall(), w.rnd.Float64(), in)
	w.stats.Steps++
	w.mix(uint64(t.id), uint64(in.Kind), uint64(e.Reply), uint64(e.Release))
	if w.keep {
		w.note("token %d: input %d, flight %d: reply %d release %d enqueue %v promote %v fetch %v", t.id, in.Kind, in.Flight, e.Reply, e.Release, e.Enqueue, e.Promote, e.Fetch)
	}
	if e.Cancel {
		t.cancel(in)
	}
	if e.Withdraw || e.Publish {
		t.noteReads()
	}
	if e.Withdraw {
		t.published = false
		w.recorder.withdrawn(t)
	}
	if e.Publish {
		t.publish(&e)
	}
	if also != nil {
		also(&e)
	}
	t.consult(in, &e)
	if e.Fetch {
		t.send(&e)
	}
	t.arm(&e)
	t.reply(&e, from)
	t.ends(in, &e)
}

// consult lets the endpoint know what was decided, as the manager does.
func (t *token) consult(in core.Input, e *core.Effects) {
	if e.Freed {
		t.w.toEndpoint(t.ending(in), nil)
	}
	if e.Unqueue {
		t.w.toEndpoint(endpoint.Input{Kind: endpoint.Withdraw, Ticket: t.ticket}, nil)
	}
	if e.Enqueue {
		t.w.lastTicket++
		t.ticket = t.w.lastTicket
		t.queued[t.ticket] = e.Flight
	}
	if e.Enqueue || e.Promote {
		t.w.toEndpoint(endpoint.Input{Kind: endpoint.Want, Ticket: t.ticket, Client: t.client, Urgent: e.Urgent, Manual: e.Manual, New: e.New && t.target != nil}, t)
	}
}

// ending is the end of a request as the endpoint understands it.
func (t *token) ending(in core.Input) endpoint.Input {
	end := endpoint.Input{Kind: endpoint.Ended, Ticket: t.ticket, Outcome: endpoint.NoResponse, Retry: t.core.Retrying(), Backoff: t.core.Backoff()}
	t.w.recorder.ended(t, t.flight)
	if in.Kind == core.Fetched {
		f := &t.flight
		end.RetryAfter, end.Throttled = in.Result.RetryAfter, in.Result.EndsRound
		switch {
		case f.cancelled:
		case f.fault == Refusing:
			end.Outcome = endpoint.NotConnected
		case f.fault == Erroring:
			end.Outcome, end.Status = endpoint.ServerError, 503
		case f.fault == Throttling:
			end.Outcome, end.Status = endpoint.Works, 429
		default:
			end.Outcome = endpoint.Works
		}
		t.flight = request{number: t.flight.number + 1} // so that it does not end again
	}
	if t.core.State().Closed {
		end.Outcome, end.Throttled = endpoint.NoEvidence, false
	}
	return end
}

// send begins a token request, and decides what comes of it.
func (t *token) send(e *core.Effects) {
	w := t.w
	w.stats.Requests++
	w.count(&w.stats.Seconds)
	t.made++
	attempt := 1
	for _, ev := range e.Events[:e.N] {
		if ev.Kind == core.FetchStarted {
			attempt = ev.Attempt
		}
	}
	t.flight = request{id: e.Flight, began: w.Now, attempt: attempt, number: t.flight.number + 1}
	f := &t.flight
	for _, p := range w.parameters.Phases {
		if w.Now >= p.From && w.Now < p.To && (p.Client == 0 || p.Client == t.client) {
			f.fault, f.after = p.Fault, p.RetryAfter
		}
	}
	f.stuck = w.rnd.Float64() < w.parameters.Stuck && w.Now < w.parameters.Duration
	takes := w.rnd.about(w.parameters.Latency)
	switch {
	case f.stuck:
		takes = w.rnd.between(5*time.Second, 40*time.Second)
	case f.fault == Hanging:
		return
	case f.fault == Refusing:
		takes = time.Millisecond
	}
	t.returnsAfter(takes)
}

// returnsAfter ends the request in flight after a time.
func (t *token) returnsAfter(takes time.Duration) {
	f := t.flight
	t.w.After(takes, func() {
		if t.flight.number != f.number || t.flight.cancelled != f.cancelled && !f.stuck {
			if f.stuck { // it was abandoned
				t.step(core.Input{Kind: core.Fetched, Flight: f.id})
			}
			return
		}
		r := core.Result{OK: f.fault == None && !t.flight.cancelled}
		switch {
		case r.OK:
			r.Expiry = epoch.Add(f.began + t.w.parameters.Lifetime)
		case f.fault == Throttling:
			r.EndsRound, r.RetryAfter = true, f.after
		case f.fault == Denying:
			r.Permanent = true
		}
		t.step(core.Input{Kind: core.Fetched, Flight: f.id, Result: r})
	})
}

// cancel ends the context of the request in flight.
func (t *token) cancel(in core.Input) {
	f := &t.flight
	age := t.w.Now - f.began
	if in.Kind != core.Close && f.attempt == 1 && age < 5*time.Second-time.Millisecond {
		t.w.violate("E1", "token %d: a first attempt is cancelled after %v: the time that it waited was counted", t.id, age)
	}
	f.cancelled = true
	if !f.stuck {
		t.returnsAfter(t.w.rnd.between(0, 3*time.Millisecond))
	}
}

func (t *token) publish(e *core.Effects) {
	w := t.w
	t.number++
	t.published, t.read, t.hinted, t.made, t.unused = true, e.Release == core.Serve && len(t.waiting) > 0, false, 0, false
	t.end, t.refreshTime = e.Publication.EffectiveExpiry.Sub(epoch), e.Publication.RefreshTime.Sub(epoch)
	w.recorder.published(t)
	number, publication := t.number, e.Publication.Number
	w.After(e.Publication.Life, func() {
		if number == t.number {
			t.step(core.Input{Kind: core.Expire, Publication: publication})
		}
	})
}

func (t *token) arm(e *core.Effects) {
	t.wakeNo++
	if !e.Armed {
		return
	}
	number, at, since := t.wakeNo, e.Wake, t.began
	t.w.After(max(t.core.Left(at), 0), func() {
		if number == t.wakeNo {
			t.step(core.Input{Kind: core.Wake, At: at + since - t.began})
		}
	})
}

// reply replies to the callers that wait, and to the sender.
func (t *token) reply(e *core.Effects, from *caller) {
	if e.Release != core.None {
		for _, c := range t.waiting {
			t.respond(c, e.ReleaseOf(c.reply, t.published), e)
		}
		t.waiting = nil
	}
	if from == nil {
		return
	}
	from.reply = e.Reply
	if e.Reply == core.Wait || e.Reply == core.WaitOrServe {
		t.waiting = append(t.waiting, from)
		return
	}
	t.respond(from, e.Reply, e)
}

func (t *token) respond(c *caller, reply core.Reply, e *core.Effects) {
	w := t.w
	if reply == core.Shut && t.passesOn(c) || !w.leaves(c) {
		return
	}
	switch reply {
	case core.Serve, core.ServeExpired:
		t.serves(c)
		w.stats.Served++
		w.recorder.replied(true, false)
		w.stats.Longest = max(w.stats.Longest, w.Now-c.since)
		t.read = true
	case core.Failed:
		w.count(&w.stats.Refusals)
		if e.Failure.Kind != core.NoFailure {
			t.refused = e.Failure.Kind == core.Refused
		}
		w.recorder.replied(false, t.refused)
		if t.refused {
			w.stats.Refused++
		} else {
			w.stats.Failed++
			if e.Failure.Kind != core.NoFailure && t.made == 0 && e.Failure.Kind != core.Blocked {
				w.violate("E1", "token %d: a caller fails, and no request was made", t.id)
			}
		}
		if w.Now > w.recovered {
			w.violate("recovery", "token %d: a caller that came at %v fails at %v", t.id, c.since, w.Now)
		}
	}
}
