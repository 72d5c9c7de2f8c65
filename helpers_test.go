package alf_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// apiURL is where in-memory transports are asked to go.
const apiURL = "https://api.example.com/v1/things"

// newClient makes a client that is closed when the test ends.
func newClient(tb testing.TB, cfg alf.Config) *alf.Client {
	tb.Helper()
	client, err := alf.New(cfg)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, client.Close()) })
	return client
}

// constantFetcher always has the same token.
func constantFetcher(lifetime time.Duration) alf.Fetcher {
	return alf.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: "constant-token", TokenType: "Bearer", Expiry: time.Now().Add(lifetime)}, nil
	})
}

// roundTripper is a base transport without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// respond makes a response with a body.
func respond(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// scripted is a base transport that reads each request's body, as real ones do, notes it and responds by a list of
// statuses, the last of which is repeated. The body of a response says its number.
type scripted struct {
	statuses []int
	header   http.Header

	mu     sync.Mutex
	seen   []*http.Request
	bodies []string
}

func script(statuses ...int) *scripted { return &scripted{statuses: statuses} }

func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, req)
	s.bodies = append(s.bodies, string(body))
	n := len(s.seen)
	resp := respond(req, s.statuses[min(n, len(s.statuses))-1], "response "+string(rune('0'+n)))
	for name, values := range s.header {
		resp.Header[name] = values
	}
	return resp, nil
}

// authorizations lists what was sent, in order.
func (s *scripted) authorizations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, req := range s.seen {
		list = append(list, req.Header.Get("Authorization"))
	}
	return list
}

// fakeSource is a token manager that hands out token-1, and after each rejection the next. The functions, if set, take
// over.
type fakeSource struct {
	token   func(context.Context) (*alf.Token, error)
	replace func(context.Context, *alf.Token, string) (*alf.Token, error)

	mu          sync.Mutex
	generation  int
	replaced    []string // by origins
	invalidated []string
	closed      bool
}

var _ alf.Source = (*fakeSource)(nil)

func namedToken(value string) *alf.Token {
	return manager.NewToken(1, &oauth2.Token{AccessToken: value})
}

func (f *fakeSource) current() *alf.Token {
	return namedToken("token-" + string(rune('1'+f.generation)))
}

func (f *fakeSource) Token(ctx context.Context) (*alf.Token, error) {
	if f.token != nil {
		return f.token(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.current(), nil
}

func (f *fakeSource) Replace(ctx context.Context, rejected *alf.Token, origin string) (*alf.Token, error) {
	f.mu.Lock()
	f.replaced = append(f.replaced, origin)
	f.mu.Unlock()
	if f.replace != nil {
		return f.replace(ctx, rejected, origin)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if rejected.Same(f.current()) {
		f.generation++
	}
	return f.current(), nil
}

func (f *fakeSource) Invalidate(rejected *alf.Token, origin string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.invalidated = append(f.invalidated, origin)
	if rejected.Same(f.current()) {
		f.generation++
	}
	return nil
}

func (f *fakeSource) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// over makes a client of a source and a base transport.
func over(tb testing.TB, source alf.Source, base http.RoundTripper) *alf.Client {
	tb.Helper()
	return newClient(tb, alf.Config{Manager: source, HTTPClient: &http.Client{Transport: base}})
}

// get sends a GET and returns the response with its body read.
func get(tb testing.TB, client *alf.Client, url string) (*http.Response, string) {
	tb.Helper()
	resp, err := client.Get(url)
	require.NoError(tb, err)
	return resp, readAll(tb, resp)
}

func readAll(tb testing.TB, resp *http.Response) string {
	tb.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(tb, err)
	require.NoError(tb, resp.Body.Close())
	return string(body)
}

// hidden is a reader of a type that net/http knows nothing about, so that requests made with it have no GetBody. It
// notes how far it was read and whether it was closed.
type hidden struct {
	r io.Reader

	mu     sync.Mutex
	read   int
	closed int
}

func hide(body string) *hidden { return &hidden{r: strings.NewReader(body)} }

func (h *hidden) Read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, err := h.r.Read(p)
	h.read += n
	return n, err
}

func (h *hidden) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed++
	return nil
}

func (h *hidden) isClosed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed > 0
}

func (h *hidden) wasRead() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.read
}

func filler(n int) string { return string(bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n]) }
