package fetcher_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
)

func TestSeed_TheTokenRequestGoesThroughItsProxy(t *testing.T) {
	proxy := serve(t, respond(200, good))
	cfg := config(nil)
	cfg.TokenURL, cfg.AllowHTTP = "http://idp.example.com/token", []string{"idp.example.com"}
	cfg.TokenRequest.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	mustFetch(t, cfg)
	require.Equal(t, "http://idp.example.com/token", proxy.requests[0].RequestURI)
}

func TestC7_PlainHTTPToTheTokenEndpoint(t *testing.T) {
	requests := 0
	cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
		requests++
		return reply(200, good), nil
	}))
	cfg.TokenURL = "http://idp.internal:8080/token"
	_, err := fetcher.New(cfg)
	require.ErrorContains(t, err, `TokenURL: plain http would send tokens and client credentials in the clear: use https, or list "idp.internal:8080" in AllowHTTP`)
	require.Zero(t, requests)
	for _, allow := range []string{"idp.internal", "IDP.internal:8080", "*"} {
		cfg.AllowHTTP = []string{allow}
		mustFetch(t, cfg)
	}
	cfg.AllowHTTP, cfg.TokenURL = nil, "http://localhost:8080/token"
	mustFetch(t, cfg)
}

func TestF1_TheCallersClientIsCopiedAndItsJarShared(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "node", Value: "7"})
		respond(200, good)(w, r)
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	own := &http.Client{Transport: base, Jar: jar}
	cfg := s.at()
	cfg.TokenRequest.HTTPClient, cfg.TokenRequest.Timeout = own, 1<<40
	f := newFetcher(t, cfg)
	require.Equal(t, http.Client{Transport: base, Jar: jar}, *own)
	own.Transport = failing(http.ErrServerClosed)
	for range 2 {
		_, err := f.Fetch(t.Context())
		require.NoError(t, err)
	}
	require.Empty(t, s.requests[0].Cookies())
	require.Len(t, s.requests[1].Cookies(), 1)
	u, _ := url.Parse(s.URL)
	require.Len(t, jar.Cookies(u), 1)
}

func TestF1_ACallersClientWithoutTransportUsesTheDefaultOne(t *testing.T) {
	s := serve(t, respond(200, good))
	cfg := s.at()
	cfg.TokenRequest.HTTPClient = &http.Client{}
	mustFetch(t, cfg)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// idle counts how often it is asked to close its idle connections.
type idle struct {
	http.RoundTripper
	closed int
}

func (i *idle) CloseIdleConnections() { i.closed++ }

func TestC1_CloseIdleConnectionsLeavesACallersTransportAlone(t *testing.T) {
	base := &idle{RoundTripper: always(200, good)}
	newFetcher(t, config(base)).CloseIdleConnections()
	cfg := config(nil)
	cfg.TokenRequest.HTTPClient = &http.Client{Transport: base}
	newFetcher(t, cfg).CloseIdleConnections()
	require.Zero(t, base.closed)
}

func TestC1_CloseIdleConnectionsClosesItsOwn(t *testing.T) {
	// The leak check at the end of all tests would fail if it did not; here, that the fetcher goes on working.
	s := serve(t, respond(200, good))
	f := newFetcher(t, s.at())
	for range 2 {
		_, err := f.Fetch(t.Context())
		require.NoError(t, err)
		f.CloseIdleConnections()
	}
	require.NotEqual(t, s.requests[0].RemoteAddr, s.requests[1].RemoteAddr)
}
