package proxy_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
)

// constant is an upstream in memory: what is counted with it is the proxy's own.
type constant struct{ response http.Response }

// RoundTrip returns the same response again.
func (c *constant) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost {
		const token = `{"access_token":"a-token","token_type":"Bearer","expires_in":3600}`
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(token)), Request: req}, nil
	}
	c.response.Body = io.NopCloser(strings.NewReader("hello"))
	c.response.ContentLength = 5
	c.response.Request = req
	return &c.response, nil
}

// discarding is a response without a reader.
type discarding struct{ header http.Header }

// Header returns the response's header.
func (d *discarding) Header() http.Header { return d.header }

// Write discards the body.
func (d *discarding) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader discards the header, as a server does that has sent it.
func (d *discarding) WriteHeader(int) { clear(d.header) }

// inMemory is a proxy without sockets, and a request for it.
func inMemory(tb testing.TB) func() {
	upstream, err := url.Parse("https://api.example.com/v1/")
	if err != nil {
		tb.Fatal(err)
	}
	base := &constant{http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{
		"Content-Type": {"text/plain"}, "Content-Length": {"5"}, "Date": {"Thu, 01 Jan 2026 00:00:00 GMT"}, "Etag": {`"1"`},
	}}}
	config := alf.Config{
		TokenURL: "https://auth.example.com/token", ClientID: "id", ClientSecret: alf.Secret("a-secret"), HTTPClient: &http.Client{Transport: base}, TokenRequest: alf.TokenRequest{Transport: base},
	}
	p, err := proxy.New(proxy.Config{
		Listeners: []proxy.Listener{{Address: "127.0.0.1:0"}},
		Clients:   []proxy.Client{{Key: "one", Config: config}},
		Routes: []proxy.Route{{Upstream: upstream, Route: routing.Route{Name: "api", Path: "/items", UpstreamPath: "/v1/", Headers: routing.Headers{
			Cookies: routing.Drop, Host: routing.Replace, Forwarded: routing.Drop,
		}}}},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	tb.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	handler := p.Handler(0)
	target, _ := url.Parse("/items/17?since=yesterday")
	req := (&http.Request{
		Method: http.MethodGet, URL: target, RequestURI: "/items/17?since=yesterday", Host: "localhost:8480", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Accept": {"*/*"}, "User-Agent": {"curl/8"}, "X-Request-Id": {"17"}}, Body: http.NoBody, RemoteAddr: "127.0.0.1:40000",
	}).WithContext(ctx)
	w := &discarding{make(http.Header)}
	send := func() { handler.ServeHTTP(w, req) }
	send() // gets the token
	return send
}

// BenchmarkRequest is what the proxy adds to a request's way through net/http's server and transport.
func BenchmarkRequest(b *testing.B) {
	send := inMemory(b)
	b.ReportAllocs()
	for b.Loop() {
		send()
	}
}
