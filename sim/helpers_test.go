package sim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tick is long enough for something to take it, and short enough for the real clock.
const tick = 5 * time.Millisecond

// place is a server in one of its forms and on one of the clocks.
type place struct {
	*testing.T
	*sim.Server
	clock  clock.Clock
	mock   *clock.Mock // nil on the other clocks
	http   *http.Client
	token  string // the endpoint's address
	api    string
	config alf.Config
}

// everywhere runs test in each form on each clock. What it says about time must hold on a slow machine's real clock
// too.
func everywhere(t *testing.T, o sim.Options, test func(p *place)) {
	for name, reach := range map[string]func(*place){"memory": inMemory, "socket": onSocket, "handler": mounted} {
		t.Run(name+" real", func(t *testing.T) { visit(t, o, clock.New(), reach, test) })
		t.Run(name+" mock", func(t *testing.T) { visit(t, o, clock.NewMock(), reach, test) })
	}
	t.Run("memory bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { visit(t, o, clock.New(), inMemory, test) })
	})
}

// onMocks runs test in each form on a mock clock, for what a slow machine's real clock has no time for.
func onMocks(t *testing.T, o sim.Options, test func(p *place)) {
	for name, reach := range map[string]func(*place){"memory": inMemory, "socket": onSocket, "handler": mounted} {
		t.Run(name, func(t *testing.T) { visit(t, o, clock.NewMock(), reach, test) })
	}
}

func visit(t *testing.T, o sim.Options, c clock.Clock, reach, test func(*place)) {
	o.Clock = c // nil is the real one
	p := &place{T: t, Server: sim.New(o), clock: c}
	p.mock, _ = c.(*clock.Mock)
	reach(p)
	test(p)
}

func inMemory(p *place) {
	p.http = &http.Client{Transport: p.RoundTripper()}
	p.token, p.api, p.config = p.TokenURL(), p.APIURL(), p.Config()
}

func onSocket(p *place) {
	require.NoError(p, p.Start())
	p.Cleanup(p.Close)
	p.http = newHTTPClient(p.T)
	p.token, p.api, p.config = p.TokenURL(), p.APIURL(), p.Config()
}

func mounted(p *place) {
	server := httptest.NewServer(p.Server)
	p.Cleanup(server.Close)
	p.Cleanup(p.Close) // before the other, which waits for whatever hangs
	p.http = newHTTPClient(p.T)
	p.token, p.api, p.config = server.URL+sim.TokenPath, server.URL, p.ConfigAt(server.URL)
}

func newHTTPClient(t *testing.T) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// pass lets time pass.
func (p *place) pass(d time.Duration) {
	if p.mock != nil {
		p.mock.Add(d)
		return
	}
	<-p.clock.After(d)
}

// while calls f, and lets time pass until it returns. It returns how much did.
func (p *place) while(f func()) time.Duration {
	began := p.clock.Now()
	if p.mock == nil {
		f()
		return p.clock.Since(began)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	for {
		select {
		case <-done:
			return p.clock.Since(began)
		default:
			p.mock.Add(time.Millisecond)
		}
	}
}

// until lets others run until something has come about.
func until(holds func() bool) {
	for !holds() {
		runtime.Gosched()
	}
}

// reply is what came of a request.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

func (p *place) do(req *http.Request) reply { return do(p.http, req) }

func do(client *http.Client, req *http.Request) reply {
	resp, err := client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body), err}
}

// get asks the API with a token; "" is none.
func (p *place) get(token string) reply { return p.do(p.getRequest(context.Background(), token)) }

func (p *place) getRequest(ctx context.Context, token string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.api+"/orders/7?verbose=1", nil)
	require.NoError(p, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req
}

func (p *place) wantStatus(token string, status int) {
	p.Helper()
	got := p.get(token)
	require.NoError(p, got.err)
	require.Equal(p, status, got.status, got.body)
}

// ask makes a token request.
func (p *place) ask() reply { return p.do(p.tokenRequest(context.Background(), "tea.buy")) }

func (p *place) tokenRequest(ctx context.Context, scope string) *http.Request {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.token, strings.NewReader(form.Encode()))
	require.NoError(p, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("client-1", "s3cret")
	return req
}

// issued is a token response.
type issued struct {
	Token     string      `json:"access_token"`
	Type      string      `json:"token_type"`
	ExpiresIn json.Number `json:"expires_in"`
	Scope     string      `json:"scope"`
}

// fetch makes a token request that has to succeed.
func (p *place) fetch() issued {
	p.Helper()
	return p.parse(p.ask())
}

func (p *place) parse(got reply) (token issued) {
	p.Helper()
	require.NoError(p, got.err)
	require.Equal(p, http.StatusOK, got.status, got.body)
	require.NoError(p, json.Unmarshal([]byte(got.body), &token))
	return token
}

// newClient is alf's own.
func (p *place) newClient() *alf.Client {
	p.Helper()
	client, err := alf.New(p.config)
	require.NoError(p, err)
	p.Cleanup(func() { require.NoError(p, client.Close()) })
	return client
}

// lastRequest is what the API was asked last.
func (p *place) lastRequest() sim.APIRequest {
	requests := p.Requests()
	return requests[len(requests)-1]
}

func (p *place) lastTokenRequest() sim.TokenRequest {
	requests := p.TokenRequests()
	return requests[len(requests)-1]
}
