package manager

import (
	"fmt"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/core/endpoint"
)

// Endpoint is what the managers of one token endpoint share (E1, E2): a limit on the fetches in flight, and what is
// known of the endpoint's health. Make one with [NewEndpoint] and set it as [Config].Endpoint of every manager whose
// tokens come from there. It needs no Close: it has a goroutine only while it has something to do. It is safe for
// concurrent use.
//
// Fetches that callers wait for come before refreshes, and the client ids take turns. While others wait, one client id
// holds at most a quarter of the limit. Waiting for the limit is bounded by the callers' contexts alone.
//
// A 429 or a Retry-After puts all tokens of that client id on hold. Connection failures, time-outs and 5xx that two
// client ids have met, with no success in between, make the endpoint suspect (one is enough where only one is in use).
// First, the attempts are made that are left of the round which met the trouble; then there is one probe per backoff
// for all managers together, and all other callers that have no token fail at once, with an [Error] in which errors.As
// finds a [HeldError]. Any success ends that.
type Endpoint struct {
	clock    clock.Clock
	rand     func() float64
	seed     maphash.Seed // of the numbers that stand for client ids
	name     string
	observer *observer
	// tickets numbers the fetches.
	tickets atomic.Uint64

	mu sync.Mutex
	// mailbox is what the owner has not handled yet, and running whether there is an owner.
	mailbox []posted
	running bool

	// All that follows is the owner's, which is the goroutine of run.
	core    *endpoint.Core
	counts  endpointCounts
	waiting map[endpoint.Ticket]ticket
	spare   []posted
	timer   *clock.Timer
	alarm   time.Duration // what it is set for, by the core's time
}

// posted is a message to an endpoint's owner, with what it needs of the token if that wants a fetch.
type posted struct {
	input endpoint.Input
	from  ticket
	// clientID is that of a fetch that has ended.
	clientID string
	// stats is where the reply goes to a caller of Stats, whose message it is then.
	stats chan<- EndpointStats
}

// ticket is the fetch of a token that waits for its admission.
type ticket struct {
	entry  *entry
	flight uint64
}

// EndpointConfig is what an [Endpoint] is made from. Its zero value is the default.
type EndpointConfig struct {
	// MaxInFlight is how many fetches may be in flight at the same time, from 1 to 100,000. Default: 64.
	MaxInFlight int
	// Clock is where all time comes from. Default: the real clock.
	Clock clock.Clock
	// Rand returns numbers in [0, 1), for jitter, as [Config].Rand does.
	Rand func() float64
	// Name is what events call the endpoint, such as its address.
	Name string
	// Hook is called with what happens to the endpoint, such as [EndpointSuspect]; Logger receives it as well. Both are
	// as in [Config].
	Hook   func(Event)
	Logger *slog.Logger
}

// maxMaxInFlight is more than any endpoint serves.
const maxMaxInFlight = 100_000

// Validate reports everything that [NewEndpoint] would refuse: the error contains one *[FieldError] for each setting.
func (c EndpointConfig) Validate() error {
	if c.MaxInFlight < 0 || c.MaxInFlight > maxMaxInFlight {
		return &FieldError{
			Field: "MaxInFlight", Problem: fmt.Sprintf("%d is not from 1 to %d", c.MaxInFlight, maxMaxInFlight),
			Remedy: "correct it, or use 0 for the default",
		}
	}
	return nil
}

// NewEndpoint makes an Endpoint.
func NewEndpoint(cfg EndpointConfig) (*Endpoint, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("manager: unusable EndpointConfig:\n%w", err)
	}
	e := &Endpoint{
		clock: cfg.Clock, rand: cfg.Rand, seed: maphash.MakeSeed(), name: cfg.Name, observer: newObserver(cfg.Hook, cfg.Logger),
		core:    endpoint.New(endpoint.Policy{MaxInFlight: cfg.MaxInFlight}),
		waiting: map[endpoint.Ticket]ticket{},
	}
	if e.clock == nil {
		e.clock = clock.New()
	}
	if e.rand == nil {
		e.rand = rand.Float64
	}
	return e, nil
}

// EndpointStats is how things stand at an [Endpoint].
type EndpointStats struct {
	// InFlight is how many fetches are in flight, and Waiting how many wait for their admission.
	InFlight, Waiting int
	// Suspect says that the endpoint does not work, as far as is known.
	Suspect bool
	// NextProbe is when a caller may cause the next attempt, on the wall clock. Zero unless Suspect, and while a probe
	// is in flight.
	NextProbe time.Time
	// Suspected counts how often the endpoint became suspect, Probes the fetches that were to show whether it still
	// was, and Held how often it asked a client id for a pause.
	Suspected, Probes, Held uint64
	// EventsDropped and HookPanics are as in [Stats].
	EventsDropped, HookPanics uint64
}

// Stats reports how things stand, once everything that was reported before has been handled.
func (e *Endpoint) Stats() EndpointStats {
	reply := make(chan EndpointStats, 1)
	e.post(posted{stats: reply})
	return <-reply
}

// String names the type: what an Endpoint knows is in Stats.
func (e *Endpoint) String() string { return "manager.Endpoint" }

// GoString returns what String does.
func (e *Endpoint) GoString() string { return e.String() }

// Format prints what String returns, whatever the verb.
func (e *Endpoint) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.String())) }

// post gives the owner a message, and starts one if there is none. It never waits for an owner, of this or of a token.
func (e *Endpoint) post(p posted) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mailbox = append(e.mailbox, p)
	if !e.running {
		e.running = true
		go e.run()
	}
}

// run is an owner's life: as long as there are messages.
func (e *Endpoint) run() {
	for {
		e.mu.Lock()
		batch := e.mailbox
		e.mailbox, e.spare, e.running = e.spare[:0], nil, len(batch) > 0
		e.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for i := range batch {
			e.handle(batch[i])
			batch[i] = posted{}
		}
		e.spare = batch
	}
}

// handle is one message.
func (e *Endpoint) handle(p posted) {
	if p.stats != nil {
		p.stats <- e.stats()
		return
	}
	if p.from.entry != nil {
		e.waiting[p.input.Ticket] = p.from
	}
	for in := p.input; ; in = (endpoint.Input{Kind: endpoint.Wake}) {
		effects := e.core.Step(e.clock.Now(), bounded(e.rand()), in)
		e.setAlarm(effects.Wake, effects.Armed)
		e.deliver(&effects)
		e.report(p.clientID, &effects)
		if !effects.Again {
			break
		}
	}
	if p.input.Kind == endpoint.Withdraw || p.input.Kind == endpoint.Ended {
		delete(e.waiting, p.input.Ticket)
	}
}

// stats is how things stand.
func (e *Endpoint) stats() EndpointStats {
	now := e.core.State()
	s := EndpointStats{
		InFlight: now.InFlight, Waiting: now.Waiting, Suspect: now.Suspect, NextProbe: now.NextProbe,
		Suspected: e.counts[endpoint.Suspected], Probes: e.counts[endpoint.Probed], Held: e.counts[endpoint.ClientHeld],
	}
	s.EventsDropped, s.HookPanics = e.observer.losses()
	return s
}

// deliver lets the owners of tokens know what was decided. This goroutine may wait for them; they never wait for it.
func (e *Endpoint) deliver(effects *endpoint.Effects) {
	for _, r := range effects.Refused {
		if t, ok := e.waiting[r.Ticket]; ok {
			t.entry.send(refused{t.flight, r})
		}
	}
	for _, id := range effects.Lifted {
		if t, ok := e.waiting[id]; ok {
			t.entry.send(refused{t.flight, endpoint.Refusal{}})
		}
	}
	for _, id := range effects.Granted {
		t, ok := e.waiting[id]
		delete(e.waiting, id)
		if !ok || !t.entry.send(admitted{id, t.flight}) {
			e.post(posted{input: endpoint.Input{Kind: endpoint.Ended, Ticket: id}}) // its owner has ended meanwhile
		}
	}
}

// setAlarm sets the timer to the core's next deadline.
func (e *Endpoint) setAlarm(at time.Duration, armed bool) {
	if e.timer != nil {
		if armed && at == e.alarm {
			return
		}
		e.timer.Stop()
		e.timer = nil
	}
	if armed {
		e.alarm = at
		e.timer = e.clock.AfterFunc(e.core.Left(at), func() {
			e.post(posted{input: endpoint.Input{Kind: endpoint.Wake, At: at}})
		})
	}
}
