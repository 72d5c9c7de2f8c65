package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/store"
)

// model is a simple idea of the rules, which knows of the store only what goes in and comes out.
type model struct {
	*one
	rng *rand.Rand

	processes []modelProcess
	tokens    int // that the endpoint has issued
	sent      []store.Command
	backups   []backup
	begun     bool // the last command began an epoch

	known
}

// known is what the model knows of the store's data.
type known struct {
	published map[store.Version]store.Command
	lease     store.Reply              // the last Fetch whose lease was not ended by its owner
	leaseOf   string                   // that owner
	grants    map[store.Version]string // who was given each lease
	latest    store.Version            // the last lease of all
	hold      store.Command            // the last hold that binds all, since the last success
	troubles  map[string]bool          // who has met connection failures since the last success
	contested []store.Digest
}

// backup is the store's data at some time.
type backup struct {
	state store.State
	known known
}

func (k known) clone() known {
	k.published, k.grants, k.troubles = maps.Clone(k.published), maps.Clone(k.grants), maps.Clone(k.troubles)
	k.contested = slices.Clone(k.contested)
	return k
}

type modelProcess struct {
	name     string
	seen     store.Version
	grant    store.Version
	token    int // that it has
	offering bool
}

func newModel(t *testing.T, seed uint64) *model {
	m := &model{one: newOne(t), rng: rand.New(rand.NewPCG(seed, 2))}
	for i := range 1 + m.rng.IntN(4) {
		m.processes = append(m.processes, modelProcess{name: owner(i)})
	}
	m.forget()
	return m
}

// forget is for a store that begins again.
func (m *model) forget() {
	m.known = known{
		published: map[store.Version]store.Command{}, grants: map[store.Version]string{}, troubles: map[string]bool{},
	}
}

func (m *model) chance(of float64) bool { return m.rng.Float64() < of }

// happen lets time pass, and now and then more than that.
func (m *model) happen() {
	switch m.rng.IntN(40) {
	case 0:
		m.pass(m.rng.Int64N(200_000))
	case 1:
		m.pass(m.rng.Int64N(4_000_000))
	case 2:
		m.pass(-m.rng.Int64N(1_000)) // the clock is set back a little
	case 3:
		if m.chance(0.3) {
			m.pass(-1_001 - m.rng.Int64N(10_000_000))
		}
	case 4:
		m.backups = append(m.backups, backup{m.state, m.known.clone()})
	case 5:
		if len(m.backups) > 0 && m.chance(0.3) {
			b := m.backups[m.rng.IntN(len(m.backups))]
			m.state, m.known = b.state, b.known.clone()
		}
	case 6:
		if m.chance(0.3) {
			m.state = store.State{}
			m.forget()
		}
	default:
		m.pass(m.rng.Int64N(1_000))
	}
}

func (m *model) token(n int) store.Digest { return name(1_000 + n) }

// next is what some process does next.
func (m *model) next(p *modelProcess) store.Command {
	if len(m.sent) > 0 && m.chance(0.05) {
		return m.sent[m.rng.IntN(len(m.sent))] // a copy that was delayed
	}
	lease := int64(store.MinLease + m.rng.IntN(4_000))
	if p.grant.Gen > 0 {
		switch m.rng.IntN(8) {
		case 0:
			return store.Command{Kind: store.Extend, Owner: p.name, Grant: p.grant, Lease: lease}
		case 1:
			return store.Command{Kind: store.Release, Owner: p.name, Grant: p.grant}
		case 2, 3:
			c := hold(0, p.grant, store.Class(1+m.rng.IntN(2)), m.now+store.Time(m.rng.Int64N(store.MaxHold)), 1+m.rng.Int64N(9))
			c.Owner, c.Behind = p.name, m.chance(0.3)
			return c
		}
		token := p.token
		if !p.offering {
			m.tokens++
			token = m.tokens
		}
		c := publish(0, p.grant, 0, m.now+store.Time(m.rng.Int64N(1_000_000)))
		c.Owner, c.Digest, c.Sealed, c.Offered = p.name, m.token(token), fmt.Append(nil, token), p.offering
		return c
	}
	switch m.rng.IntN(8) {
	case 0:
		m.tokens++ // it fetched one alone
		p.token = m.tokens
		fallthrough
	case 1:
		return store.Command{
			Kind: store.Offer, Owner: p.name, Lease: lease, Seen: p.seen, Digest: m.token(p.token),
			Expires: m.now + store.Time(m.rng.Int64N(1_000_000)) + 1,
		}
	case 2:
		return store.Command{
			Kind: store.Outcome, Digest: m.token(p.token), Origin: name(m.rng.IntN(3)), Accepted: m.chance(0.5),
			Age: m.rng.Int64N(3_000), Guarded: m.chance(0.02), Note: []byte("note"),
		}
	}
	c := store.Command{
		Kind: store.Acquire, Owner: p.name, Lease: lease, Seen: p.seen, Urgent: m.chance(0.3), Manual: m.chance(0.05),
	}
	if m.chance(0.4) {
		c.Rejected, c.Origin, c.Good, c.Guarded = m.token(p.token), name(m.rng.IntN(3)), m.chance(0.2), m.chance(0.02)
	}
	return c
}

// step runs one command, and compares what comes out with what is known.
func (m *model) step() {
	m.happen()
	p := &m.processes[m.rng.IntN(len(m.processes))]
	c := m.next(p)
	if c.Until > m.now+store.MaxHold+60_000 {
		return // a copy from before the clock was set back, which is refused
	}
	before, had := encode(m.t, m.state), m.state
	r := m.do(c)
	require.Equal(m.t, before, encode(m.t, had), "Step is pure")
	require.Less(m.t, len(encode(m.t, m.state)), 200_000)
	m.sent = append(m.sent, c)
	if m.begun = r.Version.Epoch > had.Epoch; m.begun {
		m.forget()
	}
	require.Equal(m.t, m.state.Epoch, r.Version.Epoch)
	require.Equal(m.t, m.state.Record.Gen, r.Version.Gen)
	if c.Kind == store.Acquire || c.Kind == store.Offer {
		require.False(m.t, r.Version.Less(c.Seen), "a store that is behind begins an epoch")
	}
	if c.Kind != store.Outcome && c.Owner != p.name {
		for i := range m.processes {
			if m.processes[i].name == c.Owner {
				p = &m.processes[i]
			}
		}
	}
	m.record(c, r)
	switch c.Kind {
	case store.Acquire:
		m.acquired(p, c, r)
	case store.Offer:
		m.offered(p, c, r)
	case store.Publish:
		m.publishedBy(p, c, r)
	case store.Hold:
		m.heldBy(p, c, r)
	case store.Extend:
		require.Contains(m.t, []store.ReplyKind{store.Fetch, store.Stale}, r.Kind)
		if r.Kind == store.Fetch {
			require.Equal(m.t, c.Grant, r.Grant)
			m.granted(p, r)
		}
	case store.Release:
		require.Contains(m.t, []store.ReplyKind{store.Done, store.Stale}, r.Kind)
		m.over(p, c, r)
	case store.Outcome:
		require.Equal(m.t, store.Done, r.Kind)
	}
}

// record checks the record of any reply, and what the process learns from it.
func (m *model) record(c store.Command, r store.Reply) {
	if r.Record.Gen == 0 {
		require.NotEqual(m.t, store.Have, r.Kind)
		return
	}
	was := m.published[r.Version]
	require.Equal(m.t, was.Digest, r.Record.Digest)
	require.Equal(m.t, was.Expires, r.Record.Expires)
	require.Greater(m.t, r.Record.Expires, r.Now, "no token is passed on after its expiry")
	if len(r.Record.Sealed) > 0 {
		require.Equal(m.t, was.Sealed, r.Record.Sealed)
	} else {
		require.False(m.t, c.Seen.Less(r.Version), "it can be left out because the caller has it")
	}
	if c.Rejected != "" {
		require.NotEqual(m.t, c.Rejected, r.Record.Digest, "no process is given what it rejected")
	}
}

// granted checks the rules of a lease.
func (m *model) granted(p *modelProcess, r store.Reply) {
	require.Greater(m.t, r.Until, r.Now)
	require.LessOrEqual(m.t, r.Until, r.Now+store.MaxLease)
	if who, known := m.grants[r.Grant]; known {
		require.Equal(m.t, p.name, who, "one process for each fence")
		require.Equal(m.t, m.state.Fence, r.Grant.Gen)
	} else if m.leaseOf != "" && m.leaseOf != p.name {
		require.GreaterOrEqual(m.t, r.Now, m.lease.Until, "one fetch for each lease")
	}
	m.grants[r.Grant] = p.name
	m.lease, m.leaseOf, m.latest = r, p.name, r.Grant
	p.grant = r.Grant
}

// over is the end of a process's lease, if the reply says so.
func (m *model) over(p *modelProcess, c store.Command, r store.Reply) {
	if c.Grant == p.grant {
		p.grant = store.Version{}
	}
	if r.Kind != store.Stale {
		require.Equal(m.t, p.name, m.grants[c.Grant])
		m.lease, m.leaseOf = store.Reply{}, ""
	}
}

func (m *model) adopt(p *modelProcess, r store.Reply) {
	if r.Kind == store.Have && p.seen.Less(r.Version) {
		p.seen = r.Version
		_, err := fmt.Sscan(string(m.published[r.Version].Sealed), &p.token)
		require.NoError(m.t, err)
	}
}

func (m *model) acquired(p *modelProcess, c store.Command, r store.Reply) {
	binds := m.hold.Until > r.Now && !c.Manual && !(m.hold.Behind && (c.Urgent || c.Rejected != ""))
	switch r.Kind {
	case store.Have:
		require.True(m.t, c.Seen.Less(r.Version))
		require.False(m.t, c.Manual)
		m.adopt(p, r)
	case store.Fetch:
		own := m.leaseOf == p.name && m.lease.Until > r.Now
		require.False(m.t, binds && !own, "a hold binds all")
		m.granted(p, r)
		p.offering = false
		require.Equal(m.t, m.hold.Failures, r.Hold.Failures)
	case store.Wait:
		require.Greater(m.t, r.Until, r.Now)
		require.LessOrEqual(m.t, r.Until, r.Now+store.MaxLease)
		other := m.leaseOf != "" && m.leaseOf != p.name && m.lease.Until > r.Now
		require.True(m.t, other || r.Until <= r.Now+1_000, "it waits for another process, or a second")
	case store.Held:
		require.True(m.t, binds)
		require.Equal(m.t, m.hold.Until, r.Until)
		require.Equal(m.t, m.hold.Failures, r.Hold.Failures)
	case store.Suppressed:
		require.NotEmpty(m.t, c.Rejected)
		require.False(m.t, c.Urgent)
		require.True(m.t, r.Guarded)
		require.Greater(m.t, r.Until, r.Now)
	default:
		m.t.Fatalf("%v", r.Kind)
	}
	if c.Rejected != "" && r.Kind != store.Have && !r.Guarded && !slices.Contains(m.contested, c.Rejected) {
		m.contested = append(m.contested, c.Rejected)
		m.contested = m.contested[max(0, len(m.contested)-store.MaxContested):]
	}
}

func (m *model) offered(p *modelProcess, c store.Command, r store.Reply) {
	useless := c.Expires <= r.Now || slices.Contains(m.contested, c.Digest)
	switch r.Kind {
	case store.Have:
		m.adopt(p, r)
	case store.Fetch:
		require.False(m.t, useless, "a rejected token is not offered to others")
		m.granted(p, r)
		p.offering = true
	case store.Wait:
		require.NotEqual(m.t, p.name, m.leaseOf)
		require.Equal(m.t, m.lease.Until, r.Until)
	case store.Refused:
		require.True(m.t, useless)
	default:
		m.t.Fatalf("%v", r.Kind)
	}
}

func (m *model) publishedBy(p *modelProcess, c store.Command, r store.Reply) {
	was, again := m.published[c.Grant]
	switch r.Kind {
	case store.Done:
		if again && was.Digest == c.Digest && m.last == store.Unchanged {
			return // a copy
		}
		require.Equal(m.t, m.latest, c.Grant, "the fence: no older token replaces a newer")
		require.Equal(m.t, c.Grant, r.Version)
		require.Equal(m.t, store.Pushed, m.last)
		m.published[c.Grant] = c
		if !c.Offered {
			m.hold, m.troubles = store.Command{}, map[string]bool{}
		}
		m.over(p, c, r)
		p.seen = r.Version
		_, err := fmt.Sscan(string(c.Sealed), &p.token)
		require.NoError(m.t, err)
	case store.Stale:
		require.True(m.t, m.begun || m.last == store.Unchanged)
		m.over(p, c, r)
	default:
		m.t.Fatalf("%v", r.Kind)
	}
}

func (m *model) heldBy(p *modelProcess, c store.Command, r store.Reply) {
	switch r.Kind {
	case store.Held, store.Done:
		first := len(m.troubles) == 0 || len(m.troubles) == 1 && m.troubles[p.name]
		alone := c.Class == store.Connection && m.hold.Failures == 0 && first
		require.Equal(m.t, alone, r.Kind == store.Done, "a connection failure counts once two processes have met it")
		if c.Class == store.Connection {
			m.troubles[p.name] = true
		}
		if r.Kind == store.Held {
			m.hold = c
		}
	case store.Stale:
		require.True(m.t, m.begun || m.last == store.Unchanged)
	default:
		m.t.Fatalf("%v", r.Kind)
	}
	m.over(p, c, r)
}

func TestD11_RandomCommandsKeepTheRules(t *testing.T) {
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := newModel(t, seed)
			for range 250 {
				m.step()
			}
		})
	}
}
