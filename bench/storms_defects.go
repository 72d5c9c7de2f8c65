package main

import (
	"context"
	"net/http"
	"time"
)

// Rows that only a client with these operations can be in.
var alone = []string{theClient.name}

// The defects seen in the libraries, as far as they can be shown by tokens and requests alone; the others follow in
// storms_wire.go.
var defects = []row{
	{
		name: "1: 50 callers on a token of 8 s", bad: "failed", least: "they arrive together",
		want: tally{1, 0, 20 * ms},
		set:  func(e *endpoint) { e.life = 8 * time.Second },
		run:  func(g *stage) { burst(50, func(int) { g.served() }) },
	},
	{
		name: "3: 10 callers, token of 100 s, for 1 s", bad: "failed", least: "it is good for 67 s more",
		want: tally{1, 0, 20 * ms},
		set:  func(e *endpoint) { e.life = 100 * time.Second },
		run:  func(g *stage) { poll(10, 5*ms, time.Second, g.served) },
	},
	{
		name: "4: refreshes of a 4 s token fail, 10 callers", bad: "failed", least: "the token, and probes 0.5 s apart, jittered", long: true,
		want: tally{3, 0, 0}, tune: tuning{early: 2 * time.Second},
		set: func(e *endpoint) { e.life, e.fails = 4*time.Second, allBut(1) },
		run: func(g *stage) {
			g.warm()
			poll(10, 10*ms, 3500*ms, g.served)
		},
	},
	{
		name: "5: a waiter is cancelled after 30 ms, fetch takes 300 ms", bad: "came back after 40 ms", least: "the fetch goes on for others",
		want: tally{1, 0, 30 * ms},
		set:  func(e *endpoint) { e.latency = 300 * ms },
		run: func(g *stage) {
			burst(2, func(i int) {
				if i == 0 { // who started the fetch, and is patient
					_, _ = g.source.Token(context.Background())
					return
				}
				time.Sleep(ms)
				ctx, cancel := context.WithCancelCause(context.Background())
				time.AfterFunc(30*ms, func() { cancel(errGivenUp) })
				_, took, _ := g.token(ctx)
				g.wrong(took > 40*ms)
			})
		},
	},
	{
		name: "6: 20 staggered 401s on one revoked token", bad: "not 200", least: "cold, and one for all of them", only: carriers,
		want: tally{2, 0, 670 * ms}, // the last 401 comes after 620 ms, and the token is there
		run: func(g *stage) {
			g.warm()
			client := g.over(&api{e: g.e, latency: func(i int64) time.Duration {
				if i >= 20 { // sent a second time
					return 50 * ms
				}
				return 50*ms + time.Duration(i)*30*ms
			}})
			time.AfterFunc(25*ms, g.e.revoke)
			burst(20, func(i int) {
				time.Sleep(time.Duration(i)) // so that they arrive in this order
				status := g.send(client, apiURL)
				if status == http.StatusUnauthorized { // what the user of a library without a retry would do
					status = g.send(client, apiURL)
				}
				g.wrong(status != http.StatusOK)
			})
		},
	},
	{
		name: "7: who started the fetch gives up, 20 wait on", bad: "failed", least: "the fetch goes on", only: alone,
		want: tally{1, 0, 19 * ms},
		run: func(g *stage) {
			burst(21, func(i int) {
				if i > 0 {
					time.Sleep(ms)
					g.served()
					return
				}
				ctx, cancel := context.WithTimeout(context.Background(), 5*ms)
				defer cancel()
				_, _ = g.source.Token(ctx)
			})
		},
	},
	{
		name: "8: 20 calls after Close", bad: "hung or got a token", least: "they get an error", only: alone,
		want: tally{1, 0, 0},
		run: func(g *stage) {
			g.warm()
			g.source.(closer).Close()
			burst(20, func(int) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				_, took, err := g.token(ctx)
				g.wrong(err == nil || took >= time.Second)
			})
		},
	},
	{
		name: "9: endpoint down for good, token of 1 s, 10 callers, 3 s", bad: "got an expired token", long: true,
		least: "the token, a probe behind it, then two rounds", want: tally{8, 0, 360 * ms},
		set: func(e *endpoint) { e.life, e.fails = time.Second, downBetween(500*ms, 1<<62) },
		run: func(g *stage) {
			poll(10, 50*ms, 3*time.Second, func() {
				value, _, err := g.token(context.Background())
				g.wrong(err == nil && g.e.expired(value, time.Now()))
			})
		},
	},
	{
		name: "10: the first refresh of a 4 s token fails, 10 callers, 5 s", bad: "had to wait", least: "the token, the failure, its retry", long: true,
		want: tally{3, 0, 0}, tune: tuning{early: 2 * time.Second},
		set: func(e *endpoint) {
			e.life, e.fails = 4*time.Second, only(2)
		},
		run: func(g *stage) {
			g.warm()
			poll(10, 50*ms, 5*time.Second, func() {
				_, took, _ := g.token(context.Background())
				g.wrong(took > 15*ms)
			})
		},
	},
	{
		name: "11: a token is invalidated while its refresh is in flight", bad: "got it again", least: "the token, and the refresh", only: alone,
		want: tally{2, 0, 100 * ms},
		run: func(g *stage) {
			m := g.source.(*alfSource).Manager
			first, _ := m.Token(context.Background())
			g.e.set(func(e *endpoint) { e.latency = 200 * ms })
			burst(2, func(i int) {
				if i == 0 {
					_, _ = m.Refresh(context.Background())
					return
				}
				time.Sleep(100 * ms)
				g.e.revoke()
				g.wrong(m.Invalidate(first, apiURL) != nil)
				burst(20, func(int) {
					value, _, err := g.token(context.Background())
					g.wrong(err != nil || g.e.revoked(value))
				})
			})
		},
	},
	{
		name: "17: 20 requests, endpoint failing", bad: "sent without a token", least: "one round", only: carriers,
		want: tally{3, 0, 360 * ms},
		set:  failingAfter20ms,
		run: func(g *stage) {
			a := &api{e: g.e}
			client := g.over(a)
			burst(20, func(int) { g.send(client, apiURL) })
			g.bad.Add(a.bare.Load())
		},
	},
	{
		name: "18: endpoint down from 2 to 3 s, tokens of 4 s, 10 callers, 20 s", bad: "failed or got an expired token", long: true,
		least: "one per refresh time, and one failure", want: tally{9, 0, 20 * ms},
		set: func(e *endpoint) { e.life, e.fails = 4*time.Second, downBetween(2*time.Second, 3*time.Second) },
		run: func(g *stage) { poll(10, 50*ms, 20*time.Second, g.served) },
	},
}
