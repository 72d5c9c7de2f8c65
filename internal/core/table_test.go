package core_test

import (
	"container/heap"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core"
)

// The rows of M13's table: an hour of virtual time in which cores, one per process, are driven by requests to one
// origin whose responses the row decides.

// market is a token endpoint, an API and the processes that use both.
type market struct {
	rng    *rand.Rand
	now    time.Duration
	events eventHeap
	serial int

	issued    int // tokens so far
	revokedAt []time.Duration
	procs     []*proc

	oneActive bool                                             // a token dies when its successor is issued
	rejects   func(m *market, path int, at time.Duration) bool // whatever the token is
	onGood    func(path int) bool                              // the paths whose 401s a fetch would have avoided

	fetches    int
	responses  int // that callers got
	returned   int // 401s among them
	avoidable  int // of those, suppressed ones of tokens that were revoked
	crossed    int // of those, whose second token was revoked before it was used
	longest    time.Duration
	singleSeen int
}

// proc is one process: a core and the callers around it.
type proc struct {
	m          *market
	core       core.Core
	published  int // token; 0: none
	number     uint64
	end        time.Time
	fetching   map[uint64]int
	waiting    []waiter
	wakes      int
	guarded    bool
	acceptedOn map[int]bool // since the guard went up
	displaced  core.Displacements
}

type waiter struct {
	r     *request
	reply core.Reply
}

type request struct {
	p       *proc
	path    int
	token   int
	retry   bool
	observe bool
	sent    time.Duration
	asked   time.Duration
	known   bool // its path had accepted since the guard went up, when it was begun
}

var tableEpoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const (
	tableAPI   = 20 * time.Millisecond
	tableFetch = 50 * time.Millisecond
	origin     = 7
)

type timed struct {
	at     time.Duration
	serial int
	do     func()
}

type eventHeap []timed

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].serial < h[j].serial
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(timed)) }
func (h *eventHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

func (m *market) after(d time.Duration, do func()) {
	m.serial++
	heap.Push(&m.events, timed{m.now + max(d, 0), m.serial, do})
}

func (m *market) about(d time.Duration) time.Duration {
	return d/2 + time.Duration(m.rng.Int64N(int64(d)))
}

func (m *market) run(until time.Duration) {
	for len(m.events) > 0 {
		e := heap.Pop(&m.events).(timed)
		if e.at > until {
			return
		}
		m.now = e.at
		e.do()
	}
}

func newMarket(seed uint64, processes int) *market {
	m := &market{rng: rand.New(rand.NewPCG(seed, 1)), revokedAt: []time.Duration{0}}
	m.onGood = func(int) bool { return true }
	m.rejects = func(*market, int, time.Duration) bool { return false }
	for range processes {
		m.procs = append(m.procs, &proc{
			m: m, core: core.New(core.Policy{}.WithDefaults()), fetching: map[uint64]int{}, acceptedOn: map[int]bool{},
		})
	}
	return m
}

// issue is the endpoint's side of a fetch.
func (m *market) issue() int {
	if m.oneActive {
		m.revokeAll()
	}
	m.issued++
	m.revokedAt = append(m.revokedAt, 1<<62)
	return m.issued
}

func (m *market) revokeAll() {
	for i := len(m.revokedAt) - 1; i > 0 && m.revokedAt[i] == 1<<62; i-- {
		m.revokedAt[i] = m.now
	}
}

func (p *proc) step(in core.Input, r *request) {
	m := p.m
	now := tableEpoch.Add(m.now)
	in.Read = true
	e := p.core.Step(now, m.rng.Float64(), in)
	if e.Withdraw {
		p.published = 0
	}
	if e.Publish {
		p.published, p.number, p.end = p.fetching[in.Flight], e.Publication.Number, e.Publication.EffectiveExpiry
		n := e.Publication.Number
		m.after(e.Publication.Life, func() { p.step(core.Input{Kind: core.Expire, Publication: n}, nil) })
	}
	for _, ev := range e.Events[:e.N] {
		if ev.Kind == core.Guarded {
			p.guarded, p.acceptedOn = true, map[int]bool{}
		}
	}
	if e.Replaced && p.displaced.Note(m.now) {
		m.singleSeen++
	}
	if e.Fetch {
		m.fetches++
		flight := e.Flight
		out := m.about(tableFetch) / 2
		m.after(out, func() {
			p.fetching[flight] = m.issue()
			m.after(out, func() {
				p.step(core.Input{Kind: core.Fetched, Flight: flight, Result: core.Result{OK: true, Expiry: tableEpoch.Add(m.now + 2*time.Hour)}}, nil)
			})
		})
	}
	p.wakes++
	if e.Armed {
		wake, at := p.wakes, e.Wake
		m.after(p.core.Left(at), func() {
			if wake == p.wakes {
				p.step(core.Input{Kind: core.Wake, At: at}, nil)
			}
		})
	}
	if e.Release != core.None {
		waiting := p.waiting
		p.waiting = nil
		for _, w := range waiting {
			p.reply(w.r, e.ReleaseOf(w.reply, p.published != 0))
		}
	}
	switch {
	case r == nil:
	case e.Reply == core.Wait || e.Reply == core.WaitOrServe:
		p.waiting = append(p.waiting, waiter{r, e.Reply})
	default:
		p.reply(r, e.Reply)
	}
}

func (p *proc) request(path int) {
	r := &request{p: p, path: path, asked: p.m.now, known: p.guarded && p.acceptedOn[path]}
	if p.published != 0 && !p.core.Contests(origin) {
		p.send(r)
		return
	}
	p.step(core.Input{Kind: core.Get, Origin: origin, Path: uint64(path) + 1}, r)
}

// reply is what a caller gets from its manager.
func (p *proc) reply(r *request, reply core.Reply) {
	m := p.m
	m.longest = max(m.longest, m.now-r.asked)
	switch reply {
	case core.Serve:
		if r.retry && p.published == r.token {
			p.finish(r, 401, false)
			return
		}
		p.send(r)
	case core.Suppressed:
		p.finish(r, 401, m.revokedAt[r.token] < 1<<62)
	default:
		panic(fmt.Sprint("reply ", reply))
	}
}

func (p *proc) send(r *request) {
	m := p.m
	r.token, r.sent, r.observe = p.published, m.now, r.retry || p.core.Observes()
	half := m.about(tableAPI) / 2
	m.after(half, func() {
		ok := m.revokedAt[r.token] >= m.now && !m.rejects(m, r.path, m.now)
		m.after(half, func() { p.response(r, ok) })
	})
}

func (p *proc) response(r *request, ok bool) {
	m := p.m
	in := core.Input{Origin: origin, Path: uint64(r.path) + 1, Current: p.published == r.token, Retry: r.retry, Accepted: ok, Age: m.now - r.sent}
	if r.observe && (r.retry || ok) {
		in.Kind = core.ReportOutcome
		p.step(in, nil)
	}
	if ok {
		p.acceptedOn[r.path] = true
		p.finish(r, 200, false)
		return
	}
	if r.retry {
		if m.revokedAt[r.token] < 1<<62 && m.onGood(r.path) {
			m.crossed++
		}
		p.finish(r, 401, false)
		return
	}
	r.retry, r.asked = true, m.now
	p.step(core.Input{Kind: core.Invalidate, Wait: true, Origin: origin, Path: uint64(r.path) + 1, Current: p.published == r.token}, r)
}

func (p *proc) finish(r *request, status int, revoked bool) {
	p.m.responses++
	if status != 401 {
		return
	}
	p.m.returned++
	if revoked && p.m.onGood(r.path) && (r.known || !p.guarded) {
		p.m.avoidable++
	}
}

// traffic lets a process send requests to a path that is drawn for each.
func (m *market) traffic(p *proc, rate float64, path func() int) {
	var next func()
	gap := func() time.Duration { return time.Duration(float64(time.Second) / rate * (0.9 + 0.2*m.rng.Float64())) }
	next = func() {
		p.request(path())
		m.after(gap(), next)
	}
	m.after(time.Duration(m.rng.Float64()*float64(time.Second)/rate), next)
}

func (m *market) revokeEvery(d time.Duration) (count *int) {
	count = new(int)
	var next func()
	next = func() {
		m.revokeAll()
		*count++
		m.after(d, next)
	}
	m.after(d, next)
	return count
}

type row struct {
	name       string
	processes  int
	set        func(m *market)
	maxFetches func(m *market) int
	crossing   bool // tokens may be revoked between fetch and retry
	single     bool // the event that names one active token is due
}

func atMost(n int) func(*market) int { return func(*market) int { return n } }

func rows() []row {
	var all []row
	for _, paths := range []int{5, 10_000} {
		all = append(all, row{
			name: fmt.Sprintf("every path always 401, 200 requests/s, %d paths", paths), processes: 1, maxFetches: atMost(66),
			set: func(m *market) {
				m.rejects = func(*market, int, time.Duration) bool { return true }
				m.traffic(m.procs[0], 200, func() int { return m.rng.IntN(paths) })
			},
		})
	}
	for _, every := range []time.Duration{1300 * time.Millisecond, 5 * time.Second, 20 * time.Second, 45 * time.Second} {
		for _, rate := range []float64{5, 200} {
			var revocations *int
			all = append(all, row{
				name: fmt.Sprintf("revoked every %v, retries accepted, %v requests/s", every, rate), processes: 1, crossing: true,
				set: func(m *market) {
					revocations = m.revokeEvery(every)
					m.traffic(m.procs[0], rate, func() int { return m.rng.IntN(5) })
				},
				maxFetches: func(*market) int { return *revocations + 1 },
			})
		}
	}
	for _, rate := range []float64{1 / 5.5, 5, 200} {
		limit := 7200
		if rate < 1 {
			limit = 1310
		}
		all = append(all, row{
			name: fmt.Sprintf("two processes, one active token, %.2g requests/s each", rate), processes: 2, crossing: true, single: true,
			set: func(m *market) {
				m.oneActive = true
				for _, p := range m.procs {
					m.traffic(p, rate, func() int { return m.rng.IntN(5) })
				}
			},
			maxFetches: atMost(limit),
		})
	}
	for _, rate := range []float64{0.5, 5, 200} {
		for _, paths := range []int{1, 10_000} {
			all = append(all, row{
				name: fmt.Sprintf("1 of 3 replicas rejects every token, %v requests/s, %d paths", rate, paths), processes: 1, maxFetches: atMost(90),
				set: func(m *market) {
					m.rejects = func(m *market, _ int, _ time.Duration) bool { return m.rng.IntN(3) == 0 }
					m.traffic(m.procs[0], rate, func() int { return m.rng.IntN(paths) })
				},
			})
		}
	}
	for _, forbidden := range []int{1, 20} {
		for _, rate := range []float64{2, 200} {
			all = append(all, row{
				name: fmt.Sprintf("a permission is missing at %d paths, polled %v times a second, one revocation", forbidden, rate), processes: 1,
				set: func(m *market) {
					m.rejects = func(_ *market, path int, _ time.Duration) bool { return path >= 1000 }
					m.onGood = func(path int) bool { return path < 1000 }
					m.traffic(m.procs[0], rate, func() int { return 1000 + m.rng.IntN(forbidden) })
					m.traffic(m.procs[0], 10, func() int { return m.rng.IntN(40) })
					m.after(time.Duration(180+m.rng.IntN(120))*time.Second, m.revokeAll)
				},
				maxFetches: atMost(68),
			})
		}
	}
	return all
}

// tableSeeds is how often each row is run, with other numbers. .ci/full has more.
var tableSeeds = flag.Int("table-seeds", 1, "how often each row of M13's table is run")

func TestM13_TheTable(t *testing.T) {
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			seeds, duration := *tableSeeds, time.Hour
			if testing.Short() || raceDetector { // the core has no goroutine that could race
				seeds, duration = 1, 6*time.Minute
			}
			for seed := range uint64(seeds) {
				m := newMarket(seed, r.processes)
				r.set(m)
				m.run(duration)
				limit := r.maxFetches(m)
				t.Logf("responses %d, 401s %d, avoidable %d, revoked before the retry %d, fetches %d of %d, longest wait %v, one active token %d",
					m.responses, m.returned, m.avoidable, m.crossed, m.fetches, limit, m.longest, m.singleSeen)
				require.Zero(t, m.avoidable, "401s that a fetch would have avoided")
				require.LessOrEqual(t, m.fetches, limit, "fetches")
				require.LessOrEqual(t, m.longest, time.Second+2*tableFetch, "wait")
				if !r.crossing {
					require.Zero(t, m.crossed)
				}
			}
		})
	}
}
