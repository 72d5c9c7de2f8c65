package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// stage is where one row of the storms is played with one contestant: its endpoint, its source, and what becomes of the
// callers. All time is that of package time, so that a row runs in a synctest bubble as it does outside.
type stage struct {
	e      *endpoint
	source source
	start  time.Time
	slow   atomic.Int64
	bad    atomic.Int64
	quiet  atomic.Bool // what happens now does not count
}

// tally is what is told of a row.
type tally struct {
	fetches int
	bad     int // what each row says it is; 0 is right
	slowest time.Duration
}

func (t tally) String() string {
	return fmt.Sprintf("%d fetches, %d bad, slowest %v", t.fetches, t.bad, t.slowest)
}

// play runs a row with what makes a source.
func (r *row) play(make func(e *endpoint, t tuning) source) tally {
	e := newEndpoint()
	if r.set != nil {
		r.set(e)
	}
	g := &stage{e: e, source: make(e, r.tune), start: time.Now()}
	r.run(g)
	result := tally{e.count(), int(g.bad.Load()), time.Duration(g.slow.Load())}
	if c, ok := g.source.(closer); ok {
		c.Close()
	}
	return result
}

// took notes how long a caller needed.
func (g *stage) took(d time.Duration) {
	if g.quiet.Load() {
		return
	}
	for {
		slowest := g.slow.Load()
		if int64(d) <= slowest || g.slow.CompareAndSwap(slowest, int64(d)) {
			return
		}
	}
}

// wrong counts something bad.
func (g *stage) wrong(is bool) {
	if is {
		g.bad.Add(1)
	}
}

// token is one caller.
func (g *stage) token(ctx context.Context) (value string, took time.Duration, err error) {
	began := time.Now()
	value, err = g.source.Token(ctx)
	took = time.Since(began)
	g.took(took)
	return value, took, err
}

// served is one caller who must get a token that has not expired.
func (g *stage) served() {
	value, _, err := g.token(context.Background())
	g.wrong(err != nil || g.e.expired(value, time.Now()))
}

// warm brings the first token, which is not the point of a row.
func (g *stage) warm() {
	g.quiet.Store(true)
	_, _ = g.source.Token(context.Background())
	g.quiet.Store(false)
}

// burst runs n callers at once, and waits for them.
func burst(n int, f func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { f(i) })
	}
	group.Wait()
}

// poll has n callers call f every so often, evenly spread and each on a nanosecond of its own: in virtual time what
// happens at the same instant happens in any order.
func poll(n int, every, total time.Duration, f func()) {
	until := time.Now().Add(total)
	began := time.Now()
	burst(n, func(i int) {
		next := began.Add(every*time.Duration(i)/time.Duration(n) + time.Duration(i))
		for next.Before(until) {
			time.Sleep(time.Until(next))
			f()
			for next = next.Add(every); next.Before(time.Now()); {
				next = next.Add(every)
			}
		}
	})
}

// api is an API in memory that looks at the token when it responds.
type api struct {
	e       *endpoint
	latency func(i int64) time.Duration // of the i-th request, from 0; nil: 50 ms
	denies  bool                        // every token, always
	asked   atomic.Int64
	bare    atomic.Int64 // requests without a token
}

// RoundTrip responds to req.
func (a *api) RoundTrip(req *http.Request) (*http.Response, error) {
	i := a.asked.Add(1) - 1
	latency := 50 * time.Millisecond
	if a.latency != nil {
		latency = a.latency(i)
	}
	if err := sleep(req.Context(), latency); err != nil {
		return nil, err
	}
	token := bearerOf(req)
	if token == "" {
		a.bare.Add(1)
	}
	if a.denies || a.e.revoked(token) {
		resp := respond(req, http.StatusUnauthorized)
		resp.Header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		return resp, nil
	}
	return respond(req, http.StatusOK), nil
}

// over puts the contestant in front of an API.
func (g *stage) over(base http.RoundTripper) *http.Client {
	return &http.Client{Transport: g.source.(carrier).Transport(base)}
}

// send is one request; it returns the status, 0 if there was no response.
func (g *stage) send(client *http.Client, url string) (status int) {
	began := time.Now()
	defer func() { g.took(time.Since(began)) }()
	return g.sendUntimed(client, url)
}

// sendUntimed is send for requests whose time is not the point of a row.
func (g *stage) sendUntimed(client *http.Client, url string) (status int) {
	resp, err := client.Get(url)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// The addresses of the APIs. Nothing listens there: they are reached through memory.
const (
	apiURL   = "https://api.example.com/"
	otherURL = "https://other.example.com/"
)

// flapping fails every second request.
func flapping(n int, _ time.Duration) error {
	if n%2 == 1 {
		return errDown
	}
	return nil
}

// allBut fails every request but the n-th.
func allBut(n int) func(int, time.Duration) error {
	return func(i int, _ time.Duration) error {
		if i != n {
			return errDown
		}
		return nil
	}
}

// only fails the n-th request alone.
func only(n int) func(int, time.Duration) error {
	return func(i int, _ time.Duration) error {
		if i == n {
			return errDown
		}
		return nil
	}
}

// downBetween fails what arrives in that time.
func downBetween(from, to time.Duration) func(int, time.Duration) error {
	return func(_ int, since time.Duration) error {
		if since >= from && since < to {
			return errDown
		}
		return nil
	}
}

var errGivenUp = errors.New("the caller has given up")
