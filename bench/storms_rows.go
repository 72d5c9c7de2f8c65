package main

import (
	"context"
	"net/http"
	"time"
)

// row is one storm: what happens, what counts as bad, and what alf must do, to the fetch and to the nanosecond, in
// virtual time.
type row struct {
	name  string
	bad   string // what the second number counts
	least string // why it cannot be fewer fetches
	want  tally  // of alf
	long  bool   // takes seconds in real time, and disturbs no other row meanwhile
	// virtual time is the only one in which it can be played: it takes hours. It needs contestants that hold no lock
	// while they fetch, or a single caller.
	virtual bool
	tune    tuning
	only    []string // the contestants it can be played with; nil: all
	set     func(e *endpoint)
	run     func(g *stage)
	// make replaces a contestant's source, by its name.
	make map[string]func(e *endpoint, t tuning) source
}

// Who has a transport, to send requests with.
var carriers = []string{theClient.name, xoauth2.name, azcorePolicy.name, clientGo.name}

const ms = time.Millisecond

// failingAfter20ms is an endpoint that is down from the beginning.
func failingAfter20ms(e *endpoint) { e.fails = downBetween(0, 1<<62) }

// The storms, as in the table of earlier figures and beyond it.
var storms = []row{
	{
		name: "1,000 cold callers", bad: "failed", least: "no caller has a token",
		want: tally{1, 0, 20 * ms},
		run:  func(g *stage) { burst(1000, func(int) { g.served() }) },
	},
	{
		name: "1,000 callers, tokens of 12 s, 30 s", bad: "failed or got an expired token", long: true,
		least: "one per refresh time: 8.1 s apart, 90 % of 90 % of 12 s at the latest",
		want:  tally{4, 0, 20 * ms},
		set:   func(e *endpoint) { e.life = 12 * time.Second },
		run:   func(g *stage) { poll(1000, 200*ms, 30*time.Second, g.served) },
	},
	{
		name: "1,000 requests in flight, token revoked", bad: "requests not 200", only: carriers,
		least: "one for the cold start, one for the revocation",
		want:  tally{2, 0, 120 * ms},
		run: func(g *stage) {
			g.warm()
			client := g.over(&api{e: g.e})
			time.AfterFunc(25*ms, g.e.revoke)
			burst(1000, func(int) { g.wrong(g.send(client, apiURL) != http.StatusOK) })
		},
	},
	{
		name: "200 callers, endpoint failing after 20 ms", bad: "slower than one round (0.4 s)", least: "one round: three attempts",
		want: tally{3, 0, 360 * ms},
		set:  failingAfter20ms,
		run: func(g *stage) {
			burst(200, func(int) {
				_, took, _ := g.token(context.Background())
				g.wrong(took > 400*ms)
			})
		},
	},
	{
		name: "50 calls one after another, endpoint failing", bad: "got a token", least: "one round",
		want: tally{3, 0, 360 * ms},
		set:  failingAfter20ms,
		run: func(g *stage) {
			for range 50 {
				_, _, err := g.token(context.Background())
				g.wrong(err == nil)
			}
		},
	},
	{
		name: "1,000 callers with 15 s of patience, endpoint hanging", bad: "slower than one round (10 s)", long: true,
		least: "one round: an attempt has 5 s and a round 10",
		want:  tally{2, 0, 10 * time.Second},
		set:   func(e *endpoint) { e.hangs = make(chan struct{}) },
		run: func(g *stage) {
			hangs := g.e.hangs
			time.AfterFunc(16*time.Second, func() { close(hangs) })
			ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
			defer cancel()
			burst(1000, func(int) {
				_, took, _ := g.token(ctx)
				g.wrong(took > 10500*ms)
			})
		},
	},
	{
		name: "a caller with a 30 ms deadline, fetch takes 300 ms", bad: "came back after 40 ms", least: "the fetch goes on for others",
		want: tally{1, 0, 30 * ms},
		set:  func(e *endpoint) { e.latency = 300 * ms },
		run: func(g *stage) {
			burst(1, func(int) {
				ctx, cancel := context.WithTimeout(context.Background(), 30*ms)
				defer cancel()
				_, took, _ := g.token(ctx)
				g.wrong(took > 40*ms)
			})
			time.Sleep(300 * ms) // for the fetch that no caller waits for any more
		},
	},
	{
		name: "50 callers, tokens of 3 s, fetch takes 200 ms, 6 s", bad: "failed or got an expired token", long: true,
		least: "one per refresh time", tune: tuning{early: 500 * ms},
		want: tally{3, 0, 0},
		set:  func(e *endpoint) { e.life, e.latency = 3*time.Second, 200*ms },
		run: func(g *stage) {
			g.warm()
			poll(50, 20*ms, 5800*ms, g.served)
		},
	},
	{
		name: "every second fetch fails, 50 callers, tokens of 12 s, 30 s", bad: "failed", long: true,
		least: "two per token", want: tally{8, 0, 140 * ms},
		set: func(e *endpoint) { e.life, e.fails = 12*time.Second, flapping },
		run: func(g *stage) { poll(50, 50*ms, 30*time.Second, g.served) },
	},
	{
		name: "endpoint down from 5 to 9 s, 50 callers, token of 12 s", bad: "failed", long: true,
		least: "probes from the refresh time on, 0.5 and 1 s apart, jittered", want: tally{4, 0, 20 * ms},
		set: func(e *endpoint) {
			e.life, e.fails = 12*time.Second, downBetween(5*time.Second, 9*time.Second)
		},
		run: func(g *stage) { poll(50, 50*ms, 11*time.Second, g.served) },
	},
	{
		name: "an API that always says 401 beside one that does not, 10 s", bad: "requests to the other that failed", long: true, only: carriers,
		// Only requests to the other API are timed. Those to the one that rejects wait for a second between fetches.
		least: "cold, the first 401, then 1, 2, 4 s after the last came", want: tally{5, 0, 21 * ms}, // the cold fetch and a request
		run: func(g *stage) {
			never := g.over(&api{e: g.e, denies: true, latency: func(int64) time.Duration { return ms }})
			always := g.over(&api{e: g.e, latency: func(int64) time.Duration { return ms }})
			burst(2, func(i int) {
				if i == 0 {
					poll(10, 100*ms, 10*time.Second, func() { g.sendUntimed(never, apiURL) })
					return
				}
				poll(10, 100*ms, 10*time.Second, func() { g.wrong(g.send(always, otherURL) != http.StatusOK) })
			})
		},
	},
	lifetimeRow("1 s", time.Second, tally{30, 0, 20 * ms}),
	lifetimeRow("5 s", 5*time.Second, tally{6, 0, 20 * ms}),
	lifetimeRow("10 s", 10*time.Second, tally{3, 0, 20 * ms}),
	{
		name: "50 callers, tokens expired on arrival, 5 s", bad: "failed", long: true,
		least: "one a second, and everyone in between waits for it", want: tally{6, 0, time.Second - 10}, // who came 10 ns too late for the one before
		set: func(e *endpoint) { e.life = 0 },
		run: func(g *stage) {
			poll(50, 100*ms, 5*time.Second, func() {
				_, _, err := g.token(context.Background())
				g.wrong(err != nil)
			})
		},
	},
}

// lifetimeRow is many callers on tokens that do not live long.
func lifetimeRow(name string, life time.Duration, want tally) row {
	return row{
		name: "50 callers, tokens of " + name + ", 20 s", bad: "failed or got an expired token", long: true,
		least: "one per refresh time", want: want,
		set: func(e *endpoint) { e.life = life },
		run: func(g *stage) { poll(50, 50*ms, 20*time.Second, g.served) },
	}
}
