package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// growing is point 7.
func growing(b *bench) section {
	s := section{
		title: "Growth",
		text: "So many callers wait for one fetch. From the moment it returns: the time until the last of them has its token, by the waiter. " +
			"Meanwhile a bystander wakes up every millisecond and reads two tokens: that of another manager, and the new one as soon " +
			"as it is published; its delay is what it comes late. The floor is a channel that is closed.",
		before: "On 2 cores of an AMD EPYC, with 1,000,000 waiters, the bystander came 20.1 ms late and a waiter took 1,227 ns. A goroutine that hands out " +
			"replies without a pause is interrupted by the scheduler only after 10 to 20 ms, and until then nothing looks at the timers of " +
			"that processor. Now it gives way after every 100 replies. Measured in turn in otherwise equal processes, median of 9 rounds: " +
			"19.3 ms and 665 ns without giving way, 3.7 ms and 479 ns with it. Batches of 250 or 1,000 do no better.",
	}
	callerCounts := []int{1, 100, 10_000, b.scaled(1_000_000, 20_000)}
	rounds := []int{101, 51, 15, 3}
	waits := []waiting{{"floor", waitForChannel}, {theClient.name, waitForAlf}, {smithyCache.name, waitForPeer(smithyCache)}, {xoauth2.name, waitForPeer(xoauth2)}}

	perWaiter := table{title: "ns per waiter, from the fetch's return to the last token: median (spread)", heads: []string{"waiters"}}
	delays := table{title: "the bystander's longest delay, median of the rounds (longest of all)", heads: []string{"waiters"}}
	joins := table{title: "ns per waiter to begin to wait, the making of its goroutine included: median", heads: []string{"waiters"}}
	for _, w := range waits {
		for _, t := range []*table{&perWaiter, &delays, &joins} {
			t.heads = append(t.heads, w.name)
		}
	}
	picture := chart{file: "growth", title: "Releasing callers who wait for one fetch", unit: "ns per waiter", log: true}
	var costs []string
	var points [][2]float64
	worst := time.Duration(0)
	for i, n := range callerCounts {
		all := make([][]release, len(waits))
		trials := make([]trial, len(waits))
		for j, w := range waits {
			trials[j] = func() float64 {
				r := measureRelease(n, w)
				all[j] = append(all[j], r)
				return r.each(n)
			}
		}
		samples := interleave(b.rounds(rounds[i]), b.step("growth, "+count(n)+" waiters"), trials...)
		rows := [3][]string{{count(n)}, {count(n)}, {count(n)}}
		bars := group{name: count(n) + " waiters"}
		if n == 1 {
			bars.name = "1 waiter"
		}
		for j, w := range waits {
			var late, join sample
			for _, r := range all[j] {
				late = append(late, float64(r.late))
				join = append(join, r.joined/float64(n))
			}
			rows[0] = append(rows[0], fmt.Sprintf("%s (%s)", number(samples[j].median()), percent(samples[j].spread())))
			rows[1] = append(rows[1], fmt.Sprintf("%s (%s)", duration(time.Duration(late.median())), duration(time.Duration(late.quantile(1)))))
			rows[2] = append(rows[2], number(join.median()))
			bars.bars = append(bars.bars, bar{name: w.name, value: samples[j].median(), text: number(samples[j].median()) + " ns"})
			if w.name == theClient.name {
				costs = append(costs, number(samples[j].median()))
				points = append(points, [2]float64{float64(n), samples[j].median() * float64(n)})
				worst = max(worst, time.Duration(late.median()))
			}
		}
		perWaiter.rows, delays.rows, joins.rows = append(perWaiter.rows, rows[0]), append(delays.rows, rows[1]), append(joins.rows, rows[2])
		picture.groups = append(picture.groups, bars)
	}
	s.tables = append(s.tables, perWaiter, delays, joins)
	s.charts = append(s.charts, picture)
	last := len(points) - 1
	exponent := math.Log(points[last][1]/points[1][1]) / math.Log(points[last][0]/points[1][0])
	s.check(exponent < 1.1, "linear: time grows no faster than the waiters",
		fmt.Sprintf("as their number to the power of %.2f from 100 to %s; ns per waiter: %s", exponent, count(callerCounts[last]), strings.Join(costs, ", ")))
	s.check(worst < 20*time.Millisecond, "those not waiting are delayed by less than 20 ms", duration(worst)+" at most, median of the rounds")
	return s
}

// waiting is a way to wait for one fetch. begin starts it: wait is what each waiter calls, release lets the fetch
// return, and ready, if there is one, is a token call for those who come once the token is there, and false before.
type waiting struct {
	name  string
	begin func() (wait func(), release func(), ready func() bool, end func())
}

func waitForChannel() (wait func(), release func(), ready func() bool, end func()) {
	c := make(chan struct{})
	return func() { <-c }, func() { close(c) }, nil, func() {}
}

func waitForAlf() (wait func(), release func(), ready func() bool, end func()) {
	gate := make(chan struct{})
	var published atomic.Bool
	m := newManager(manager.Config{
		// A million callers take longer to arrive than an attempt may take.
		Policy: manager.Policy{AttemptTimeout: time.Hour, RoundTimeout: time.Hour},
		Fetcher: manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			select {
			case <-gate:
			case <-ctx.Done():
			}
			return heldOAuth2(), ctx.Err()
		}),
		Hook: func(e manager.Event) {
			if e.Kind == manager.Published {
				published.Store(true)
			}
		},
	})
	ctx := context.Background()
	return func() { _, _ = m.Token(ctx) }, func() { close(gate) }, func() bool {
		if !published.Load() {
			return false
		}
		_, _ = m.Token(ctx)
		return true
	}, func() { _ = m.Close() }
}

func waitForPeer(p peer) func() (wait func(), release func(), ready func() bool, end func()) {
	return func() (wait func(), release func(), ready func() bool, end func()) {
		e := newEndpoint()
		e.latency = 0
		gate := make(chan struct{})
		e.fails = func(int, time.Duration) error {
			<-gate
			return nil
		}
		src := p.source(e, tuning{})
		ctx := context.Background()
		return func() { _, _ = src.Token(ctx) }, func() { close(gate) }, nil, func() {}
	}
}

// release is what happened when the waiters were released.
type release struct {
	joined float64 // ns until all waited
	took   time.Duration
	late   time.Duration // the bystander's longest delay meanwhile
}

func (r release) each(n int) float64 { return float64(r.took) / float64(n) }

func measureRelease(n int, w waiting) (r release) {
	wait, let, ready, end := w.begin()
	defer end()
	var began atomic.Int64
	var waiters sync.WaitGroup
	start := time.Now()
	for range n {
		waiters.Go(func() {
			began.Add(1)
			wait()
		})
	}
	for began.Load() < int64(n) {
		time.Sleep(time.Millisecond)
	}
	r.joined = float64(time.Since(start))
	// The last ones are on their way from having begun to waiting.
	time.Sleep(5*time.Millisecond + time.Duration(n)*time.Microsecond/2)

	stop, late := bystander(ready)
	start = time.Now()
	let()
	waiters.Wait()
	r.took = time.Since(start)
	close(stop)
	r.late = <-late
	return r
}

// bystander wakes up every millisecond, reads, and notes how late it ever was.
func bystander(ready func() bool) (stop chan struct{}, late chan time.Duration) {
	stop, late = make(chan struct{}), make(chan time.Duration)
	other := newManager(manager.Config{Fetcher: constant(cached)})
	ctx := context.Background()
	_, _ = other.Token(ctx)
	started := make(chan struct{})
	go func() {
		defer other.Close()
		close(started)
		longest := time.Duration(0)
		for {
			deadline := time.Now().Add(time.Millisecond)
			time.Sleep(time.Millisecond)
			_, _ = other.Token(ctx)
			if ready != nil {
				ready()
			}
			longest = max(longest, time.Since(deadline))
			select {
			case <-stop:
				late <- longest
				return
			default:
			}
		}
	}()
	<-started
	time.Sleep(3 * time.Millisecond)
	return stop, late
}
