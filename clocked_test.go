package alf_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// clocked is an hour of a mock clock with servers on loopback sockets and clients that use them. Network I/O takes no
// time of that clock: it is moved only while every request has ended or waits for it.
type clocked struct {
	*testing.T
	clk       *clock.Mock
	start     time.Time
	rng       *rand.Rand
	events    []clockedEvent // in order
	endpoint  *tokens
	processes []*clockedProcess
}

func newClocked(t *testing.T) *clocked {
	c := &clocked{T: t, clk: clock.NewMock(), rng: rand.New(rand.NewPCG(1, 2))}
	c.clk.Set(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	c.start = c.clk.Now()
	c.endpoint = &tokens{now: c.clk.Now, issued: map[string]issuance{}}
	c.endpoint.Server = httptest.NewServer(c.endpoint)
	t.Cleanup(c.endpoint.Server.Close)
	return c
}

// tokens is a token endpoint. Its tokens outlive the hour.
type tokens struct {
	*httptest.Server
	now       func() time.Time
	oneActive bool // a token is revoked when the next one is issued

	mu      sync.Mutex
	issued  map[string]issuance // by the Authorization that a token makes
	revoked int                 // so many tokens are
}

type issuance struct {
	number int // from 1
	at     time.Time
}

func (e *tokens) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.oneActive {
		e.revoked = len(e.issued)
	}
	number := len(e.issued) + 1
	token := fmt.Sprintf("issued-%d", number)
	e.issued["Bearer "+token] = issuance{number, e.now()}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 86400})
}

// revoke revokes all tokens.
func (e *tokens) revoke() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.revoked = len(e.issued)
}

// fetches is how many token requests there were.
func (e *tokens) fetches() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.issued)
}

// lookUp returns what is known of a token, and whether it is good.
func (e *tokens) lookUp(authorization string) (issuance, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := e.issued[authorization]
	return i, i.number > e.revoked
}

// api starts an API that takes unrevoked tokens, unless rejects is true of the request and its token. The X-Revoked
// header of a 401 says whether the token was revoked.
func (c *clocked) api(rejects func(*http.Request, issuance) bool) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, good := c.endpoint.lookUp(r.Header.Get("Authorization"))
		if good && !rejects(r, token) {
			return
		}
		w.Header().Set("X-Revoked", fmt.Sprint(!good))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	c.Cleanup(s.Close)
	return s
}

// clockedProcess is a process with a client of its own.
type clockedProcess struct {
	c           *clocked
	client      *alf.Client
	outstanding atomic.Int64
	atManager   atomic.Int64  // of those, so many are at the token manager, or about to be
	progress    chan struct{} // one of both numbers has changed, or a fetch has ended
	oneActive   atomic.Int64  // events that name the store

	mu        sync.Mutex
	responses map[string][]clockedResponse // by the name of the traffic
	failed    error
}

// clockedResponse is what a caller got.
type clockedResponse struct {
	at, took   time.Duration // by the mock clock
	status     int
	revoked    bool // the token of a 401 was
	suppressed bool // the 401 had no fetch
	retried    bool // it is the response to the retry
}

func (c *clocked) process() *clockedProcess {
	p := &clockedProcess{c: c, progress: make(chan struct{}, 1), responses: map[string][]clockedResponse{}}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	c.Cleanup(transport.CloseIdleConnections)
	p.client = newClient(c.T, alf.Config{
		TokenURL: c.endpoint.URL, ClientID: testID, ClientSecret: alf.Secret(testSecret), Clock: c.clk, Rand: rand.New(rand.NewPCG(uint64(len(c.processes)), 5)).Float64,
		HTTPClient:   &http.Client{Transport: transport},
		TokenRequest: alf.TokenRequest{Transport: transport},
		Hook: func(e alf.Event) {
			switch {
			case e.Kind == manager.FetchEnded:
				p.changed()
			case e.Kind == manager.OneActiveToken && strings.Contains(e.Remedy, "store"):
				p.oneActive.Add(1)
			}
		},
	})
	c.processes = append(c.processes, p)
	return p
}

func (p *clockedProcess) changed() {
	select {
	case p.progress <- struct{}{}:
	default:
	}
}

// request sends a GET on a goroutine of its own.
func (p *clockedProcess) request(traffic, url string) {
	p.outstanding.Add(1)
	begun := p.c.clk.Now()
	go func() {
		var got clockedResponse
		waits := false
		at := func(manager bool) {
			if manager != waits {
				waits = manager
				p.atManager.Add(map[bool]int64{true: 1, false: -1}[manager])
				p.changed()
			}
		}
		ctx := alf.WithTrace(p.c.Context(), &alf.Trace{
			WaitStart:  func() { at(true) },
			WaitDone:   func(*alf.Token, error) { at(false) },
			Outcome:    func(o alf.Outcome) { at(!o.Retry) },
			Retry:      func(*alf.Token) { got.retried = true; at(false) },
			Suppressed: func(error) { got.suppressed = true },
		})
		resp, err := p.client.GetContext(ctx, url)
		if err == nil {
			err = resp.Body.Close()
			got.at, got.status, got.revoked = begun.Sub(p.c.start), resp.StatusCode, resp.Header.Get("X-Revoked") == "true"
			got.took = p.c.clk.Since(begun)
		}
		at(false)
		p.mu.Lock()
		if err != nil {
			p.failed = err
		}
		p.responses[traffic] = append(p.responses[traffic], got)
		p.mu.Unlock()
		p.outstanding.Add(-1)
		p.changed()
	}()
}

// settle returns when every request has ended or waits for the clock. A request that the manager has waiting while no
// fetch is in flight goes on waiting, so the manager is asked first.
func (p *clockedProcess) settle() (waiting bool) {
	for {
		stats := p.client.Stats()
		outstanding := p.outstanding.Load()
		switch {
		case outstanding == 0:
			return false
		case int64(stats.Waiting) == outstanding && !stats.Fetching:
			return true
		case p.atManager.Load() > 0 && !stats.Fetching:
			runtime.Gosched() // the request is on its way to the manager, or from there
		default:
			<-p.progress
		}
	}
}

func (c *clocked) settle() (waiting bool) {
	for _, p := range c.processes {
		waiting = p.settle() || waiting
	}
	return waiting
}

// clockStep is how far the clock moves at once while requests wait for it, so that the waits are known that exactly.
const clockStep = 100 * time.Millisecond

// run plays what is planned until the given time.
func (c *clocked) run(until time.Duration) {
	for len(c.events) > 0 && c.events[0].at <= until {
		event := c.events[0]
		c.events = c.events[1:]
		for {
			waiting := c.settle()
			left := event.at - c.clk.Since(c.start)
			if left <= 0 {
				break
			}
			if waiting {
				left = min(left, clockStep)
			}
			c.clk.Add(left)
		}
		event.do()
	}
	for c.settle() {
		c.clk.Add(clockStep)
	}
	for _, p := range c.processes {
		require.NoError(c, p.failed)
	}
}

// at plans something.
func (c *clocked) at(at time.Duration, do func()) {
	i, _ := slices.BinarySearchFunc(c.events, at, func(e clockedEvent, at time.Duration) int { return cmp.Compare(e.at, at) })
	c.events = slices.Insert(c.events, i, clockedEvent{at, do})
}

// every plans something again and again, with a spread in proportion to the time between.
func (c *clocked) every(d time.Duration, spread float64, do func()) {
	var next func()
	at := time.Duration(c.rng.Float64() * float64(d))
	next = func() {
		do()
		at += time.Duration(float64(d) * (1 - spread + 2*spread*c.rng.Float64()))
		c.at(at, next)
	}
	c.at(at, next)
}

// send plans a process's requests, rate a second, to some paths of an API, the first of which is numbered. Requests of
// high rates are sent several at once, ten times a second.
func (c *clocked) send(p *clockedProcess, traffic string, api *httptest.Server, rate float64, first, paths int) {
	atOnce := max(1, int(rate/10))
	c.every(time.Duration(float64(time.Second)*float64(atOnce)/rate), 0.1, func() {
		for range atOnce {
			p.request(traffic, fmt.Sprintf("%s/things/%s", api.URL, pathName(first+c.rng.IntN(paths))))
		}
	})
}

// pathName has no digit: segments with a digit count as equal.
func pathName(n int) string {
	name := []byte("path-")
	for ; n > 0 || len(name) == 5; n /= 26 {
		name = append(name, 'a'+byte(n%26))
	}
	return string(name)
}

// count counts the responses that are so.
func (p *clockedProcess) count(traffic string, is func(clockedResponse) bool) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.responses[traffic] {
		if is(r) {
			n++
		}
	}
	return n
}

// longest is the longest time that a request took, which is that of its waits.
func (p *clockedProcess) longest() (longest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, responses := range p.responses {
		for _, r := range responses {
			longest = max(longest, r.took)
		}
	}
	return longest
}

// all is for count.
func all(clockedResponse) bool { return true }

func refused(r clockedResponse) bool { return r.status == http.StatusUnauthorized }

// avoidable says that a fetch would have avoided the 401: its token was revoked, and none was fetched for it.
func avoidable(r clockedResponse) bool { return refused(r) && r.revoked && !r.retried }

type clockedEvent struct {
	at time.Duration
	do func()
}
