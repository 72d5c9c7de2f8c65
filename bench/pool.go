package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// pooling is the point about many tokens in one process.
func pooling(b *bench) section {
	n := b.scaled(100_000, 5000)
	s := section{
		title: "Many tokens",
		text: fmt.Sprintf("%s tokens of %s bytes in one process, each with three further members of the endpoint's response: in a pool, and "+
			"in managers of their own. The total is heap, stack and what the Go runtime keeps about both.", count(n), count(tokenSize)),
	}
	s.weighPool(b, n)
	s.countTimers(b, n)
	s.readPool(b, n)
	s.refreshAtOnce(b, n)
	return s
}

// response is what an endpoint returns, from memory.
func response(context.Context) (*oauth2.Token, error) {
	value := strconv.AppendUint(make([]byte, 0, tokenSize), rand.Uint64(), 10)
	value = append(value, padding[:tokenSize-len(value)]...)
	token := &oauth2.Token{AccessToken: string(value), TokenType: "Bearer", Expiry: time.Now().Add(time.Hour)}
	return token.WithExtra(map[string]any{"token_type": "Bearer", "expires_in": 3600.0, "scope": "read write"}), nil
}

var padding = strings.Repeat("x", tokenSize)

func newPool(cfg manager.PoolConfig) *manager.Pool {
	p, err := manager.NewPool(cfg)
	if err != nil {
		panic(err)
	}
	return p
}

func keysOf(n int) []manager.Key {
	keys := make([]manager.Key, n)
	for i := range keys {
		keys[i] = manager.KeyOf(fmt.Sprint(i))
	}
	return keys
}

// weighPool measures memory, goroutines and the whole life of many tokens.
func (s *section) weighPool(b *bench, n int) {
	ctx, keys := context.Background(), keysOf(n)
	t := table{heads: []string{"", "total, each", "of it heap", "goroutines", "create and fetch", "forget", "all of it, each"}}
	type life struct {
		weight
		goroutines    int
		whole         time.Duration
		made, removed time.Duration
	}
	measure := func(what string, make func() (remove func())) life {
		b.step("weighing "+what)(0, 1)
		before, already := takeStock(), runtime.NumGoroutine()
		began := time.Now()
		remove := make()
		l := life{made: time.Since(began)}
		l.weight, l.goroutines = takeStock().since(before, n), runtime.NumGoroutine()-already
		began = time.Now()
		remove()
		l.removed = time.Since(began)
		l.whole = l.made + l.removed
		t.row(what, size(l.total), size(l.heap), count(l.goroutines), duration(l.made), duration(l.removed), duration(l.whole/time.Duration(n)))
		return l
	}
	alone := measure("managers", func() func() {
		all := make([]*manager.Manager, n)
		for i := range all {
			all[i] = newManager(manager.Config{Fetcher: manager.FetcherFunc(response)})
			_, _ = all[i].Token(ctx)
		}
		return func() {
			for _, m := range all {
				_ = m.Close()
			}
		}
	})
	pooled := measure("a pool", func() func() {
		p := newPool(manager.PoolConfig{})
		for _, key := range keys {
			_, _ = p.Handle(key, manager.FetcherFunc(response)).Token(ctx)
		}
		return func() {
			for _, key := range keys {
				p.Forget(key)
			}
			_ = p.Close()
		}
	})
	s.tables = append(s.tables, t)
	s.check(pooled.total <= 1600, "at most 1,600 bytes in total for an idle token", size(pooled.total)+"; a manager: "+size(alone.total))
	share := float64(pooled.whole) / float64(alone.whole)
	s.check(share <= 0.35, "create, fetch and forget within 0.35 times the same with managers", ratio(share))
}

// countTimers counts what idle tokens keep running, with a mock clock, which has a list of its timers.
func (s *section) countTimers(b *bench, n int) {
	ctx := context.Background()
	fetch := manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: "t", TokenType: "Bearer", Expiry: time.Unix(3600, 0)}, nil
	})
	timersOf := func(c *clock.Mock) int { return reflect.ValueOf(c).Elem().FieldByName("timers").Len() }
	t := table{title: "What idle tokens keep running", heads: []string{"", "tokens", "goroutines", "timers"}}

	few := min(n, 1000) // the list is searched for every timer
	already, mock := runtime.NumGoroutine(), clock.NewMock()
	all := make([]*manager.Manager, few)
	for i := range all {
		all[i] = newManager(manager.Config{Fetcher: fetch, Clock: mock})
		_, _ = all[i].Token(ctx)
		_ = all[i].Stats() // once its owner has set its timers
	}
	mock.Add(time.Minute) // what was set for the fetches has fired
	t.row("managers", count(few), count(runtime.NumGoroutine()-already), count(timersOf(mock)))
	for _, m := range all {
		_ = m.Close()
	}

	already, mock = runtime.NumGoroutine(), clock.NewMock()
	p := newPool(manager.PoolConfig{Clock: mock})
	defer p.Close()
	for _, key := range keysOf(n) {
		_, _ = p.Handle(key, fetch).Token(ctx)
	}
	mock.Add(time.Minute)
	_ = p.Stats()
	goroutines, timers := runtime.NumGoroutine()-already, timersOf(mock)
	t.row("a pool", count(n), count(goroutines), count(timers))
	s.tables = append(s.tables, t)
	s.check(goroutines <= 2*runtime.GOMAXPROCS(0), "at most 2 goroutines per CPU", count(goroutines))
	s.check(timers <= 2*runtime.GOMAXPROCS(0), "at most 2 timers per CPU", count(timers))
}

// readPool measures reading, hot and at random.
func (s *section) readPool(b *bench, n int) {
	ctx := context.Background()
	m := newManager(manager.Config{Fetcher: manager.FetcherFunc(response)})
	defer m.Close()
	p := newPool(manager.PoolConfig{})
	defer p.Close()
	keys := keysOf(n)
	byKey := new(sync.Map)
	fetcher := manager.FetcherFunc(response)
	for _, key := range keys {
		h := p.Handle(key, fetcher)
		_, _ = h.Token(ctx)
		byKey.Store(key, h)
	}
	hot := p.Handle(keys[0], fetcher)
	targets, target := newTargets()
	defer targets.Close()
	client := targets.Client(target.Target())
	named := alf.WithPreparedTarget(ctx, target)
	order := make([]int, 1<<16)
	for i := range order {
		order[i] = rand.IntN(n)
	}
	loop := func(read func(i int) *manager.Token) func(count int) {
		return func(count int) {
			for i := range count {
				if read(i) == nil {
					panic("bench: no token")
				}
			}
		}
	}
	names := []string{"a manager", "a handle, hot", "a key, hot", "a client, hot", "a client of the context's target, hot", "a key, at random", "sync.Map of handles, at random"}
	spins := []func(int){
		loop(func(int) *manager.Token { t, _ := m.Token(ctx); return t }),
		loop(func(int) *manager.Token { t, _ := hot.Token(ctx); return t }),
		loop(func(int) *manager.Token { return p.Current(keys[0]) }),
		loop(func(int) *manager.Token { t, _ := client.Token(ctx); return t }),
		loop(func(int) *manager.Token { t, _ := targets.Token(named); return t }),
		loop(func(i int) *manager.Token { return p.Current(keys[order[i&(len(order)-1)]]) }),
		loop(func(i int) *manager.Token {
			h, _ := byKey.Load(keys[order[i&(len(order)-1)]])
			return h.(*manager.Handle).Current()
		}),
	}
	trials := make([]trial, len(spins))
	for i, spin := range spins {
		spin(1000)
		trials[i] = func() float64 { return perCall(1, b.scaled(200_000, 2000), spin) }
	}
	samples := interleave(b.rounds(41), b.step("reading from a pool"), trials...)
	t := table{title: "Reading a token, ns", heads: []string{"", "median", "times a manager's"}}
	for i, name := range names {
		t.row(name, number(samples[i].median()), ratio(samples[i].over(samples[0]).median()))
	}
	s.tables = append(s.tables, t)
	s.compare([]sample{samples[1].over(samples[0])}, 1.05, false, "a handle within 1.05 times a manager", "")
	s.compare([]sample{samples[2].over(samples[0])}, 1.3, false, "a key within 1.3 times a manager", "")
	s.compare([]sample{samples[4].over(samples[0])}, 1.3, false, "a prepared target in the context within 1.3 times a manager", "")
	s.compare([]sample{samples[5].over(samples[6])}, 1, false, "at random no slower than sync.Map", "")
}

// newTargets is a pool of the root package with one token.
func newTargets() (*alf.Pool, *alf.PreparedTarget) {
	e := newEndpoint()
	p, err := alf.NewPool(alf.PoolConfig{Config: alf.Config{
		TokenURL: "https://auth.bench.test/token", ClientID: "bench", ClientSecret: alf.Secret("secret"),
		WrapFetcher: func(alf.Fetcher) alf.Fetcher { return fetcherOf(e) },
	}})
	if err != nil {
		panic(err)
	}
	return p, alf.PrepareTarget(alf.Target{Scopes: []string{"a"}})
}

// refreshAtOnce measures readers and owners while all tokens become due at one instant, and are refreshed.
func (s *section) refreshAtOnce(b *bench, n int) {
	var offset, fetches atomic.Int64
	c := stepped{clock.New(), &offset}
	fetch := manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		fetches.Add(1)
		return &oauth2.Token{AccessToken: fmt.Sprint(rand.Uint64()), TokenType: "Bearer", Expiry: c.Now().Add(time.Hour)}, nil
	})
	p := newPool(manager.PoolConfig{Clock: c, IdleTime: 1000 * time.Hour})
	defer p.Close()
	ctx := context.Background()
	for _, key := range keysOf(n) {
		_, _ = p.Handle(key, fetch).Token(ctx)
	}
	probe := p.Handle(manager.KeyOf("probe"), fetch)
	_, _ = probe.Token(ctx)
	waits := newProbes(probe)
	b.step("all due at once")(0, 1)
	offset.Store(int64(56 * time.Minute)) // past every refresh time, and before every effective expiry
	for range runtime.GOMAXPROCS(0) {
		go p.Stats() // a message for each owner, which reads the clock
	}
	began, all := time.Now(), int64(2*n)
	for fetches.Load() < all && time.Since(began) < time.Minute {
		waits.take()
	}
	took := time.Since(began)
	waits.end()
	t := table{title: "While all of them become due at one instant", heads: []string{"", "p50", "p99.9", "longest"}}
	t.row("until all are refreshed", "", "", duration(took))
	for i, name := range probeNames {
		of := waits.of[i]
		slices.Sort(of)
		at := func(q float64) string { return duration(of[int(q*float64(len(of)-1))]) }
		t.row(name, at(0.5), at(0.999), at(1))
	}
	s.tables = append(s.tables, t)
	// The floors have the same two CPUs and the same load: what they wait for is the scheduler.
	longest := func(i int) time.Duration { return waits.of[i][len(waits.of[i])-1] }
	beside := func(i int) string { return duration(longest(i)) + "; its floor: " + duration(longest(i+1)) }
	s.check(longest(0) <= 10*time.Millisecond+longest(1), "a message waits for an owner at most 10 ms longer than its floor", beside(0))
	s.check(longest(2) <= 200*time.Microsecond+longest(3), "a reader is delayed at most 0.2 ms longer than its floor", beside(2))
}

// stepped is a clock whose reading is set ahead.
type stepped struct {
	clock.Clock
	offset *atomic.Int64
}

func (c stepped) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.offset.Load())) }

func (c stepped) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

func (c stepped) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

var probeNames = [...]string{
	"a message to an owner, and its reply", "the floor: to a goroutine that does nothing else",
	"reading a token", "the floor: one atomic load and one clock read",
}

// probes take turns, so that each meets the same load as its floor.
type probes struct {
	handle *manager.Handle
	echo   chan chan struct{}
	floor  atomic.Pointer[oauth2.Token]
	of     [len(probeNames)][]time.Duration
}

func newProbes(h *manager.Handle) *probes {
	p := &probes{handle: h, echo: make(chan chan struct{})}
	p.floor.Store(&oauth2.Token{Expiry: time.Now().Add(time.Hour)})
	go func() {
		for reply := range p.echo {
			reply <- struct{}{}
		}
	}()
	return p
}

func (p *probes) take() {
	for i, probe := range [...]func(){
		func() { _ = p.handle.Stats() }, // it waits for the step that the owner is in
		func() {
			reply := make(chan struct{}, 1)
			p.echo <- reply
			<-reply
		},
		func() { _, _ = p.handle.Token(context.Background()) },
		func() { _ = time.Now().Before(p.floor.Load().Expiry) },
	} {
		began := time.Now()
		probe()
		p.of[i] = append(p.of[i], time.Since(began))
	}
}

func (p *probes) end() { close(p.echo) }
