package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// watching is point 9: how long it takes to notify thousands of watchers of a token, and how long that blocks the owner
// of the token, which everyone else who wants something of it waits for.
func watching(b *bench) section {
	n := b.scaled(10_000, 1000)
	s := section{
		title: "Watchers",
		text: fmt.Sprintf("%s goroutines watch one token. From the end of a fetch: until the last of them has the token, and how long the owner's "+
			"step takes that publishes it, which is measured from its beginning to that of the next step, with messages always waiting. Beside it, an owner "+
			"that closes the channel itself on which all wait, and one that sends to the channel of each.", count(n)),
		before: "The owner closed the channel itself: it was blocked for 12 ms.",
	}
	t := table{heads: []string{"", "last is notified, median", "at most", "owner blocked, median", "at most"}}
	rounds := b.scaled(30, 3)
	var ours [2]sample
	for _, c := range []struct {
		name string
		run  func(n, rounds int) [2]sample
	}{
		{"alf, Watch", watchManager},
		{"the owner closes a channel", func(n, rounds int) [2]sample { return watchNaive(n, rounds, closing) }},
		{"the owner sends to each", func(n, rounds int) [2]sample { return watchNaive(n, rounds, sendingToEach) }},
	} {
		b.step("watchers")(len(t.rows)+1, 3)
		got := c.run(n, rounds)
		if len(t.rows) == 0 {
			ours = got
		}
		t.row(c.name, inTime(got[0].median()), inTime(got[0].quantile(1)), inTime(got[1].median()), inTime(got[1].quantile(1)))
	}
	s.tables = append(s.tables, t)
	s.check(ours[0].median() < float64(20*time.Millisecond), fmt.Sprintf("%s watchers: the last is notified within 20 ms", count(n)),
		inTime(ours[0].median())+", the median; "+inTime(ours[0].quantile(1))+" at most")
	s.check(ours[1].median() < float64(500*time.Microsecond), "the owner is blocked for less than 0.5 ms",
		inTime(ours[1].median())+", the median; "+inTime(ours[1].quantile(1))+" at most")
	return s
}

func inTime(v float64) string { return duration(time.Duration(v)) }

// notified waits until n watchers have something, and knows when the last one did.
type notified struct {
	n    int64
	seen atomic.Int64
	last atomic.Int64
	all  chan struct{}
}

func (w *notified) note() {
	at := time.Now().UnixNano()
	for {
		last := w.last.Load()
		if at <= last || w.last.CompareAndSwap(last, at) {
			break
		}
	}
	if w.seen.Add(1)%w.n == 0 {
		w.all <- struct{}{}
	}
}

func (w *notified) after(from time.Time) float64 {
	<-w.all
	return float64(w.last.Swap(0) - from.UnixNano())
}

// steps notes when an owner's steps begin: the manager draws a random number in each.
type steps struct {
	mu    sync.Mutex
	after time.Time // of interest is the first step after this, and
	begun time.Time // when it began
	took  float64
}

func (s *steps) draw() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch now := time.Now(); {
	case s.after.IsZero():
	case s.begun.IsZero():
		s.begun = now
	default:
		s.took, s.after, s.begun = float64(now.Sub(s.begun)), time.Time{}, time.Time{}
	}
	return 0.5
}

func (s *steps) of(fetched time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = fetched
}

func watchManager(n, rounds int) (got [2]sample) {
	var owner steps
	var fetched atomic.Pointer[time.Time]
	tokens := 0
	m, err := manager.New(manager.Config{
		Rand: owner.draw,
		Fetcher: manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
			tokens++
			now := time.Now()
			fetched.Store(&now)
			owner.of(now)
			return &oauth2.Token{AccessToken: fmt.Sprintf("token-%d", tokens), Expiry: now.Add(time.Hour)}, nil
		}),
	})
	if err != nil {
		panic(err) // the configuration is right
	}
	defer m.Close()
	ctx, cancel := context.WithCancel(context.Background())
	w := &notified{n: int64(n), all: make(chan struct{}, 1)}
	var done sync.WaitGroup
	for range n {
		done.Go(func() {
			for token, err := range m.Watch(ctx) {
				_, _ = token, err // how soon is all that counts
				w.note()
			}
		})
	}
	<-w.all
	refresh := func() float64 {
		if _, err := m.Refresh(ctx); err != nil {
			panic(err)
		}
		return w.after(*fetched.Load())
	}
	for range rounds {
		time.Sleep(20 * time.Millisecond) // all of them wait
		got[0] = append(got[0], refresh())
	}
	for range 2 { // so that a message is always waiting
		done.Go(func() {
			for ctx.Err() == nil {
				m.Stats()
			}
		})
	}
	for range rounds {
		refresh()
		owner.mu.Lock()
		got[1] = append(got[1], owner.took)
		owner.mu.Unlock()
	}
	cancel()
	done.Wait()
	return got
}

// closing and sendingToEach are how an owner may notify n watchers.
func closing(n int, w *notified, done *sync.WaitGroup, rounds int) (notify func()) {
	channels := make([]chan struct{}, rounds+1)
	for i := range channels {
		channels[i] = make(chan struct{})
	}
	for range n {
		done.Go(func() {
			for _, c := range channels[:rounds] {
				<-c
				w.note()
			}
		})
	}
	i := 0
	return func() { close(channels[i]); i++ }
}

func sendingToEach(n int, w *notified, done *sync.WaitGroup, rounds int) (notify func()) {
	channels := make([]chan struct{}, n)
	for i := range channels {
		channels[i] = make(chan struct{}, 1)
		done.Go(func() {
			for range rounds {
				<-channels[i]
				w.note()
			}
		})
	}
	return func() {
		for _, c := range channels {
			c <- struct{}{}
		}
	}
}

func watchNaive(n, rounds int, way func(int, *notified, *sync.WaitGroup, int) func()) (got [2]sample) {
	w := &notified{n: int64(n), all: make(chan struct{}, 1)}
	var done sync.WaitGroup
	notify := way(n, w, &done, rounds)
	for range rounds {
		time.Sleep(20 * time.Millisecond) // all of them wait
		start := time.Now()
		notify()
		got[1] = append(got[1], float64(time.Since(start)))
		got[0] = append(got[0], w.after(start))
	}
	done.Wait()
	return got
}
