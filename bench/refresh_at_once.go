package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// refreshAtOnce measures readers and owners while all tokens reach their refresh time at one instant.
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
	b.step("refreshing all at once")(0, 1)
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
	t := table{title: "While all of them reach their refresh time at one instant", heads: []string{"", "p50", "p99.9", "longest"}}
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
