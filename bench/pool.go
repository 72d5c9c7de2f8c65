package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
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
		whole time.Duration
	}
	measure := func(what string, make func() (remove func())) life {
		b.step("weighing "+what)(0, 1)
		before, already := takeStock(), runtime.NumGoroutine()
		began := time.Now()
		remove := make()
		made := time.Since(began)
		l := life{weight: takeStock().since(before, n)}
		goroutines := runtime.NumGoroutine() - already
		began = time.Now()
		remove()
		removed := time.Since(began)
		l.whole = made + removed
		t.row(what, size(l.total), size(l.heap), count(goroutines), duration(made), duration(removed), duration(l.whole/time.Duration(n)))
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
