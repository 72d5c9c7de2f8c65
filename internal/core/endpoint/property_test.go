package endpoint_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/endpoint"
)

// model is a simple idea of the rules, which knows of a core only what goes in and comes out.
type model struct {
	t     *testing.T
	rng   *rand.Rand
	limit int
	core  *endpoint.Core
	fork  *endpoint.Core // another one, replaced by its own canonical form now and then
	now   time.Time
	base  time.Time // what the fork's clock began with
	begun time.Time // when that was

	waits   map[endpoint.Ticket]*wanted
	flights map[endpoint.Ticket]*wanted
	holds   map[uint64]time.Time
	pauses  map[uint64]int
	slowed  map[uint64]bool // throttled, with no success since
	met     map[uint64]bool
	suspect bool
	probe   *wanted   // in flight
	probeAt time.Time // no probe sooner, once callers are refused
	left    int       // attempts of the verification
	since   time.Time
	recent  map[uint64][]time.Time
	wake    time.Time
	next    endpoint.Ticket
}

type wanted struct {
	client              uint64
	urgent, manual, new bool
	refusedUntil        time.Time
	pauses              int // that its client id was asked for before it began
}

const modelClients = 5

func newModel(t *testing.T, seed uint64) *model {
	m := &model{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
		waits: map[endpoint.Ticket]*wanted{}, flights: map[endpoint.Ticket]*wanted{}, holds: map[uint64]time.Time{},
		slowed: map[uint64]bool{}, met: map[uint64]bool{}, pauses: map[uint64]int{}, recent: map[uint64][]time.Time{},
	}
	m.limit = 1 + m.rng.IntN(12)
	m.core = endpoint.New(endpoint.Policy{MaxInFlight: m.limit})
	m.fork = endpoint.New(endpoint.Policy{MaxInFlight: m.limit})
	m.base, m.begun = m.now, m.now
	for id := range uint64(modelClients) {
		m.step(endpoint.Input{Kind: endpoint.Attach, Client: id + 1})
	}
	return m
}

func (m *model) swap() {
	m.fork = endpoint.FromKey(endpoint.Policy{MaxInFlight: m.limit}, m.fork.AppendKey(nil))
	m.base, m.begun = time.Unix(0, 0).UTC(), m.now
}

func (m *model) step(in endpoint.Input) {
	draw := m.rng.Float64()
	for again := true; again; {
		e := m.core.Step(m.now, draw, in)
		other := in
		if in.Kind == endpoint.Wake && in.At > 0 {
			other.At = 0 // the clock says as much
		}
		f := m.fork.Step(m.base.Add(m.now.Sub(m.begun)), draw, other)
		require.True(m.t, slices.Equal(e.Granted, f.Granted), "a canonical core does something else: %v, %v", e.Granted, f.Granted)
		require.True(m.t, slices.Equal(e.Refused, f.Refused), "a canonical core does something else: %v, %v", e.Refused, f.Refused)
		require.True(m.t, slices.Equal(e.Lifted, f.Lifted), "a canonical core does something else: %v, %v", e.Lifted, f.Lifted)
		require.Equal(m.t, e.Armed, f.Armed)
		m.hear(&e)
		again = e.Again
		in = endpoint.Input{Kind: endpoint.Wake}
		m.wake = time.Time{}
		if e.Armed {
			require.Positive(m.t, m.core.Left(e.Wake), "M17")
			require.Equal(m.t, m.core.Left(e.Wake), m.fork.Left(f.Wake))
			m.wake = m.now.Add(m.core.Left(e.Wake))
		}
	}
	m.settled()
}

// others reports whether another client id waits that nothing holds.
func (m *model) others(client uint64) bool {
	for _, w := range m.waits {
		if w.client != client && (w.manual || !m.now.Before(m.holds[w.client])) {
			return true
		}
	}
	return false
}

func (m *model) flying(client uint64) (n int) {
	for _, w := range m.flights {
		if w.client == client {
			n++
		}
	}
	return n
}

func (m *model) hear(e *endpoint.Effects) {
	for _, ev := range e.Events[:e.N] {
		switch ev.Kind {
		case endpoint.Suspected:
			require.GreaterOrEqual(m.t, len(m.met), 2, "E2: one client id alone makes the endpoint suspect")
			m.suspect, m.probe = true, nil
		case endpoint.Recovered:
			m.suspect = false
		}
	}
	for _, t := range e.Granted {
		w := m.waits[t]
		require.NotNil(m.t, w, "ticket %d is granted, and does not wait", t)
		delete(m.waits, t)
		require.True(m.t, w.manual || !m.now.Before(m.holds[w.client]), "E2: a client id on hold is granted a fetch")
		if m.others(w.client) {
			require.Less(m.t, m.flying(w.client), max(m.limit/4, 1), "E1: more than a quarter while others wait")
		}
		if m.slowed[w.client] && !w.manual {
			require.Zero(m.t, m.flying(w.client), "E2: more than one request right after a hold")
		}
		if !m.suspect && !w.urgent && w.refusedUntil.IsZero() {
			m.nothingMoreUrgent(w.client)
		}
		if m.suspect {
			require.Nil(m.t, m.probe, "E2: a second probe")
			require.True(m.t, w.manual || !m.now.Before(m.probeAt), "E2: a probe %v too soon", m.probeAt.Sub(m.now))
			m.probe = w
		}
		if w.new {
			m.recent[w.client] = append(m.recent[w.client], m.now)
		}
		w.pauses = m.pauses[w.client]
		m.flights[t] = w
		require.LessOrEqual(m.t, len(m.flights), m.limit, "E1: more in flight than the limit")
	}
	for id, at := range m.recent {
		if len(at) > 100 {
			require.GreaterOrEqual(m.t, at[len(at)-1].Sub(at[len(at)-101]), time.Second, "P4: client id %d", id)
		}
	}
	for _, r := range e.Refused {
		w := m.waits[r.Ticket]
		require.NotNil(m.t, w, "ticket %d is refused, and does not wait", r.Ticket)
		require.True(m.t, w.urgent, "a refresh is refused")
		require.False(m.t, w.manual)
		require.Positive(m.t, r.For)
		require.Equal(m.t, r.Throttled, m.now.Before(m.holds[w.client]), "E2: another client id's hold")
		require.True(m.t, r.Throttled || m.suspect && m.left == 0, "E2: a caller is refused by an endpoint that works")
		w.urgent, w.refusedUntil = false, m.now.Add(r.For)
	}
	for _, t := range e.Lifted {
		require.Contains(m.t, m.waits, t)
		m.waits[t].refusedUntil = m.now
	}
}

// nothingMoreUrgent: no caller of a client that has room waits while a refresh is granted (E3).
func (m *model) nothingMoreUrgent(except uint64) {
	for _, w := range m.waits {
		room := max(m.limit/4, 1)
		if m.slowed[w.client] {
			room = 1
		}
		if w.urgent && !m.now.Before(m.holds[w.client]) && m.flying(w.client) < room && !w.new {
			m.t.Fatalf("E3: a refresh of %d is granted, and a caller of %d waits", except, w.client)
		}
	}
}

// settled holds a core between two steps against the rules.
func (m *model) settled() {
	for _, w := range m.waits {
		held := m.now.Before(m.holds[w.client])
		if w.urgent && !w.manual {
			require.False(m.t, held, "E2: a caller waits though its client id is on hold")
			require.False(m.t, m.suspect && m.left == 0, "E2: a caller waits though the endpoint is suspect")
		}
		room := max(m.limit/4, 1)
		if m.slowed[w.client] {
			room = 1
		}
		if !m.suspect && !held && !w.new && m.flying(w.client) < room {
			require.Equal(m.t, m.limit, len(m.flights), "something waits, and there is room")
		}
	}
	if len(m.waits) > 0 && len(m.flights) == 0 {
		require.False(m.t, m.wake.IsZero(), "%d tickets wait, and nothing will ever wake the core", len(m.waits))
	}
}

func (m *model) end(t endpoint.Ticket, failing bool) {
	w := m.flights[t]
	delete(m.flights, t)
	in := endpoint.Input{Kind: endpoint.Ended, Ticket: t, Outcome: endpoint.Works}
	switch n := m.rng.IntN(20); {
	case n == 0:
		in.Outcome = endpoint.NoEvidence
	case n == 1 && failing:
		in.Throttled, in.Status, in.RetryAfter = true, 429, time.Duration(10+m.rng.IntN(30))*time.Second
	case failing && n < 15:
		in.Outcome = endpoint.NotConnected + endpoint.Outcome(m.rng.IntN(3))
		in.Retry = m.rng.IntN(3) == 0
	}
	m.expect(w, in)
	m.step(in)
}

// expect moves the model before the core hears of an end.
func (m *model) expect(w *wanted, in endpoint.Input) {
	wasProbe := w == m.probe && m.suspect
	if wasProbe {
		m.probe = nil
	}
	if in.Throttled {
		m.holds[w.client] = latest(m.holds[w.client], m.now.Add(in.RetryAfter))
		m.slowed[w.client] = true
		m.pauses[w.client]++
	}
	switch {
	case in.Outcome == endpoint.Works:
		m.met = map[uint64]bool{}
		if !in.Throttled && w.pauses == m.pauses[w.client] {
			m.slowed[w.client] = false
			delete(m.holds, w.client)
		}
	case in.Outcome.Trouble() && !m.suspect:
		m.met[w.client] = true
		if m.left = 0; in.Retry {
			m.left = 2
		}
		m.since = m.now
		m.probeAt = m.now.Add(50 * time.Millisecond)
	case in.Outcome.Trouble() && wasProbe:
		m.left = max(m.left-1, 0)
		if m.now.Sub(m.since) > time.Second {
			m.left = 0
		}
		m.probeAt = m.now.Add(50 * time.Millisecond)
		if m.left == 0 {
			m.probeAt = m.now.Add(250 * time.Millisecond)
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (m *model) want() {
	m.next++
	w := &wanted{client: m.rng.Uint64N(modelClients) + 1, urgent: m.rng.IntN(2) == 0, new: m.rng.IntN(4) == 0, manual: m.rng.IntN(30) == 0}
	if m.rng.IntN(2) == 0 {
		w.client = 1
	}
	w.urgent = w.urgent || w.manual
	m.waits[m.next] = w
	m.step(endpoint.Input{Kind: endpoint.Want, Ticket: m.next, Client: w.client, Urgent: w.urgent, Manual: w.manual, New: w.new})
}

// some returns one of the tickets, in a reproducible way.
func (m *model) some(of map[endpoint.Ticket]*wanted) (endpoint.Ticket, bool) {
	if len(of) == 0 {
		return 0, false
	}
	keys := slices.Sorted(maps.Keys(of))
	return keys[m.rng.IntN(len(keys))], true
}

func (m *model) pass(by time.Duration) {
	to := m.now.Add(by)
	for !m.wake.IsZero() && !m.wake.After(to) {
		m.now = m.wake
		m.step(endpoint.Input{Kind: endpoint.Wake, At: 1})
	}
	m.now = to
	m.step(endpoint.Input{Kind: endpoint.Wake})
}

// TestE2_RandomInputsKeepTheRules holds the core against a simple model: the limit, the quarter, one probe at a time
// and none too soon, holds, who is refused and who waits. In the end every ticket is granted.
func TestE2_RandomInputsKeepTheRules(t *testing.T) {
	for seed := range uint64(120) {
		m := newModel(t, seed)
		for range 400 {
			failing := m.core.Elapsed()/(20*time.Second)%2 == 1
			switch n := m.rng.IntN(10); {
			case n < 4:
				m.want()
			case n < 7:
				if ticket, ok := m.some(m.flights); ok {
					m.end(ticket, failing)
				}
			case n == 7:
				if ticket, ok := m.some(m.waits); ok {
					if m.rng.IntN(4) == 0 {
						delete(m.waits, ticket)
						m.step(endpoint.Input{Kind: endpoint.Withdraw, Ticket: ticket})
					} else {
						m.waits[ticket].urgent = true
						m.step(endpoint.Input{Kind: endpoint.Want, Ticket: ticket, Urgent: true})
					}
				}
			case n == 8:
				m.pass(time.Duration(m.rng.ExpFloat64() * float64(time.Second)))
			default:
				m.swap()
			}
		}
		for i := 0; len(m.waits)+len(m.flights) > 0; i++ {
			require.Less(t, i, 10_000, "seed %d: %d tickets are never granted", seed, len(m.waits))
			for ticket, ok := m.some(m.flights); ok; ticket, ok = m.some(m.flights) {
				w := m.flights[ticket]
				delete(m.flights, ticket)
				in := endpoint.Input{Kind: endpoint.Ended, Ticket: ticket, Outcome: endpoint.Works}
				m.expect(w, in)
				m.step(in)
			}
			m.pass(time.Second)
		}
		require.Zero(t, m.core.State().InFlight)
		require.Zero(t, m.core.State().Waiting)
	}
}
