package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// What a run of point 4 is made of.
const (
	shortLife   = 2 * time.Second
	slowFetch   = 200 * time.Millisecond
	readers     = 8
	readsAtOnce = 50 // each reader then pauses for a millisecond: the machine is busy, not choked
	senders     = 16
)

// refreshing is point 4.
func refreshing(b *bench) section {
	s := section{
		title: "Refresh under load",
		text: fmt.Sprintf("Tokens live %v and a fetch takes %v, while %d goroutines read some 400,000 tokens a second, and then while "+
			"%d send requests over loopback. Runs with and without refreshes take turns. A call that leaves the hot path consults its "+
			"context, which counts; one that stays there does not. The peers that can refresh early are told to, half a second before.",
			shortLife, slowFetch, readers, senders),
	}
	s.tokensUnderRefresh(b)
	s.requestsUnderRefresh(b)
	return s
}

// outcome is what one run showed.
type outcome struct {
	histogram
	left    int64 // calls that left the hot path
	fetches int
}

// runs are the outcomes of one contestant.
type runs []outcome

func (r runs) slowest() (s sample) {
	for i := range r {
		s = append(s, float64(r[i].longest))
	}
	return s
}

func (r runs) quantile(q float64) (s sample) {
	for i := range r {
		s = append(s, float64(r[i].histogram.quantile(q)))
	}
	return s
}

func (r runs) total() (calls uint64, left int64, fetches int) {
	for i := range r {
		calls += r[i].count
		left += r[i].left
		fetches += r[i].fetches
	}
	return calls, left, fetches
}

// runner is a contestant of this point.
type runner struct {
	name string
	run  func() outcome
}

// interleaveRuns is interleave for whole outcomes. The first two are those that are judged, and run in every round;
// what the others do shows in every fifth.
func interleaveRuns(rounds int, step func(done, of int), runners []runner) []runs {
	all := make([]runs, len(runners))
	trials := make([]trial, len(runners))
	for i, r := range runners {
		round := 0
		trials[i] = func() float64 {
			if i < 2 || round%5 == 0 {
				all[i] = append(all[i], r.run())
			}
			round++
			return 0
		}
	}
	interleave(rounds, step, trials...)
	return all
}

const (
	refreshed   = "alf, refreshed"
	unrefreshed = "alf, no refresh"
)

func (s *section) tokensUnderRefresh(b *bench) {
	d := b.slice(2 * time.Second)
	with := func(life time.Duration) func() outcome {
		return func() outcome {
			e := newEndpoint()
			e.life, e.latency = life, slowFetch
			m := newManager(manager.Config{Fetcher: fetcherOf(e)})
			defer m.Close()
			ctx := &watched{Context: context.Background()}
			_, _ = m.Token(context.Background())
			o := load(readers, readsAtOnce, time.Millisecond, d, func() { _, _ = m.Token(ctx) })
			o.left, o.fetches = ctx.consulted.Load(), e.count()-1
			return o
		}
	}
	runners := []runner{{refreshed, with(shortLife)}, {unrefreshed, with(time.Hour)}}
	for _, p := range libraries {
		if p.source == nil || p.name == theClient.name || p.name == azcorePolicy.name {
			continue
		}
		runners = append(runners, runner{p.name, func() outcome {
			e := newEndpoint()
			e.life, e.latency = shortLife, slowFetch
			src := p.source(e, tuning{early: 500 * time.Millisecond})
			ctx := context.Background()
			_, _ = src.Token(ctx)
			o := load(readers, readsAtOnce, time.Millisecond, d, func() { _, _ = src.Token(ctx) })
			o.fetches = e.count() - 1
			return o
		}})
	}
	all := interleaveRuns(b.rounds(15), b.step("refresh under load, tokens"), runners)
	s.reportRuns("Token", "refresh", runners, all)
}

func (s *section) requestsUnderRefresh(b *bench) {
	url, stop := serveLoopback(func(token string) bool { return token != "" })
	defer stop()
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConns, base.MaxIdleConnsPerHost = 0, 64
	defer base.CloseIdleConnections()
	d := b.slice(2 * time.Second)
	with := func(life time.Duration) func() outcome {
		return func() outcome {
			e := newEndpoint()
			e.life, e.latency = life, slowFetch
			m := newManager(manager.Config{Fetcher: fetcherOf(e)})
			defer m.Close()
			counted := &countedSource{Manager: m, ctx: watched{Context: context.Background()}}
			client := newClient(alf.Config{Manager: counted, HTTPClient: &http.Client{Transport: base}}).HTTPClient()
			_, _ = m.Token(context.Background())
			o := loadRequests(client, url, d)
			o.left, o.fetches = counted.ctx.consulted.Load(), e.count()-1
			return o
		}
	}
	runners := []runner{{refreshed, with(shortLife)}, {unrefreshed, with(time.Hour)}, {xoauth2.name, func() outcome {
		e := newEndpoint()
		e.life, e.latency = shortLife, slowFetch
		src := xoauth2.source(e, tuning{early: 500 * time.Millisecond})
		_, _ = src.Token(context.Background())
		o := loadRequests(&http.Client{Transport: src.(carrier).Transport(base)}, url, d)
		o.fetches = e.count() - 1
		return o
	}}}
	all := interleaveRuns(b.rounds(15), b.step("refresh under load, requests"), runners)
	s.reportRuns("Request", "refresh-requests", runners, all)
}

// reportRuns makes a table, a picture and the outcomes of one kind of load.
func (s *section) reportRuns(what, file string, runners []runner, all []runs) {
	t := table{title: what + ", medians of the runs", heads: []string{"", "runs", "calls", "refreshes", "left the hot path", "p50", "p99.99", "slowest", "slowest of all"}}
	bars := group{}
	for i, r := range runners {
		calls, left, fetches := all[i].total()
		leaving := "–" // no library counts it
		if r.name == refreshed || r.name == unrefreshed {
			leaving = count(int(left))
		}
		median := func(s sample) string { return duration(time.Duration(s.median())) }
		slowest := all[i].slowest()
		t.row(r.name, count(len(all[i])), count(int(calls)), count(fetches), leaving, median(all[i].quantile(0.5)), median(all[i].quantile(0.9999)),
			median(slowest), duration(time.Duration(slowest.quantile(1))))
		bars.bars = append(bars.bars, bar{r.name, slowest.median() / 1e6, median(slowest)})
	}
	s.tables = append(s.tables, t)
	s.charts = append(s.charts, chart{
		file: file, title: fmt.Sprintf("Slowest %s while tokens are refreshed", strings.ToLower(what)),
		unit: "ms, median of the runs", log: true, groups: []group{bars},
	})
	calls, left, fetches := all[0].total()
	s.check(left == 0 && fetches > 0, what+": calls that left the hot path: 0",
		fmt.Sprintf("%s of %s, during %s refreshes", count(int(left)), count(int(calls)), count(fetches)))
	for _, m := range []struct {
		name   string
		sample func(runs) sample
	}{
		{"p99.99", func(r runs) sample { return r.quantile(0.9999) }},
		{"slowest", runs.slowest},
	} {
		with, without := m.sample(all[0]), m.sample(all[1])
		p := distinguishable(with, without)
		// A slower run without refreshes is no fault of the refreshes.
		s.check(p >= 0.05 || with.median() <= without.median(), what+": the "+m.name+" is indistinguishable from that of runs without refreshes",
			fmt.Sprintf("%s with, %s without; rank test p = %.2f", duration(time.Duration(with.median())), duration(time.Duration(without.median())), p))
	}
}

// load calls f from so many goroutines, a few calls at once and then a pause, and times each call.
func load(goroutines, atOnce int, pause, d time.Duration, f func()) (o outcome) {
	var mu sync.Mutex
	var group sync.WaitGroup
	until := time.Now().Add(d)
	for range goroutines {
		group.Go(func() {
			mine := new(histogram)
			for time.Now().Before(until) {
				for range atOnce {
					began := time.Now()
					f()
					mine.record(time.Since(began))
				}
				time.Sleep(pause)
			}
			mu.Lock()
			defer mu.Unlock()
			o.merge(mine)
		})
	}
	group.Wait()
	return o
}

func loadRequests(client *http.Client, url string, d time.Duration) outcome {
	return load(senders, 1, 4*time.Millisecond, d, func() {
		if err := exchange(client, url, false, false); err != nil {
			panic(err)
		}
	})
}

// watched is a context that counts who consults it. Only calls that have to wait do.
type watched struct {
	context.Context
	consulted atomic.Int64
}

// Err counts.
func (w *watched) Err() error {
	w.consulted.Add(1)
	return w.Context.Err()
}

// Done counts.
func (w *watched) Done() <-chan struct{} {
	w.consulted.Add(1)
	return w.Context.Done()
}

// countedSource asks the manager under a context that counts, in place of the request's, which net/http consults too.
type countedSource struct {
	*manager.Manager
	ctx watched
}

// Token is the manager's.
func (c *countedSource) Token(context.Context) (*manager.Token, error) {
	return c.Manager.Token(&c.ctx)
}
