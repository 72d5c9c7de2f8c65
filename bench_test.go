package alf_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

// keeper is a base transport that keeps the request, as real ones do, and does nothing. Without the keeping, the
// compiler would let copies live on the stack.
type keeper struct {
	kept *http.Request
	resp *http.Response
}

func (k *keeper) RoundTrip(req *http.Request) (*http.Response, error) {
	k.kept = req
	return k.resp, nil
}

func newKeeper() *keeper {
	return &keeper{resp: &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}}}
}

// newNetHTTPKeeper is a keeper behind net/http's own transport, which most clients send through.
func newNetHTTPKeeper() http.RoundTripper {
	base := &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}} // registers no "https"
	base.RegisterProtocol("https", newKeeper())
	return base
}

// floorTransport does the least that adds a token to a request without touching the caller's: a shallow copy of the
// request and of its header map, the value being there already.
type floorTransport struct {
	base  http.RoundTripper
	value string
}

func (f *floorTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	out := &struct {
		http.Request
		value [1]string
	}{Request: *req}
	header := make(http.Header, len(req.Header)+1)
	for name, values := range req.Header {
		header[name] = values
	}
	out.value[0] = f.value
	header["Authorization"] = out.value[:]
	out.Request.Header = header
	return f.base.RoundTrip(&out.Request)
}

func requestWithHeaders(tb testing.TB, n int) *http.Request {
	req, err := http.NewRequest(http.MethodGet, "https://api.example.com/v1/things", nil)
	require.NoError(tb, err)
	for i := range n {
		req.Header.Set(fmt.Sprintf("X-Header-%d", i), "value")
	}
	return req
}

// C1: the overhead of a request over a transport that keeps the request and does nothing, beside the least possible and
// beside x/oauth2. Over a base that is not net/http's, the URL and the headers' values are copied too.
func BenchmarkC1_RoundTrip(b *testing.B) {
	client := newClient(b, alf.Config{Fetcher: constantFetcher(time.Hour)})
	listed := newClient(b, alf.Config{Fetcher: constantFetcher(time.Hour), Origins: []string{"https://a.example.com", "https://api.example.com"}})
	tok, err := client.Token(context.Background())
	require.NoError(b, err)
	source := oauth2.ReuseTokenSource(tok.OAuth2(), nil)
	for _, headers := range []int{3, 12} {
		for _, variant := range []struct {
			name      string
			transport http.RoundTripper
		}{
			{"floor", &floorTransport{newNetHTTPKeeper(), tok.Authorization()}},
			{"alf", client.Transport(newNetHTTPKeeper())},
			{"alf-origins", listed.Transport(newNetHTTPKeeper())},
			{"oauth2.Transport", &oauth2.Transport{Source: source, Base: newNetHTTPKeeper()}},
			{"other base/floor", &floorTransport{newKeeper(), tok.Authorization()}},
			{"other base/alf", client.Transport(newKeeper())},
		} {
			b.Run(fmt.Sprintf("%s/headers=%d", variant.name, headers), func(b *testing.B) {
				req := requestWithHeaders(b, headers)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := variant.transport.RoundTrip(req); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
