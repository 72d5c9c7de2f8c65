package fetcher_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func gzipped(t *testing.T, write func(io.Writer)) http.HandlerFunc {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	write(z)
	require.NoError(t, z.Close())
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			http.Error(w, "gzip wanted", http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(b.Bytes())
	}
}

func TestF3_GzipIsRead(t *testing.T) {
	s := serve(t, gzipped(t, func(w io.Writer) { _, _ = io.WriteString(w, good) }))
	require.Equal(t, "tok-1", mustFetch(t, s.at()).AccessToken)
}

func TestF3_GzipThatExpandsPastTheLimit(t *testing.T) {
	s := serve(t, gzipped(t, func(w io.Writer) {
		_, _ = io.WriteString(w, good)
		_, _ = w.Write(bytes.Repeat([]byte(" "), 8<<20))
	}))
	e := mustFail(t, s.at())
	require.ErrorContains(t, e, "too large")
	require.False(t, e.Permanent())
	require.Equal(t, 200, e.Status)
}

// body counts what is read of an endless response, and sees it closed.
type endless struct{ read, closed atomic.Int64 }

func (b *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	b.read.Add(int64(len(p)))
	return len(p), nil
}

func (b *endless) Close() error { b.closed.Add(1); return nil }

func TestF3_AtMostOneMiBIsRead(t *testing.T) {
	for _, status := range []int{200, 302, 400, 500} {
		body := &endless{}
		e := mustFail(t, config(roundTripper(func(*http.Request) (*http.Response, error) {
			r := reply(status, "")
			r.Body, r.ContentLength = body, -1
			return r, nil
		})))
		require.ErrorContains(t, e, "too large")
		require.LessOrEqual(t, body.read.Load(), int64(1<<20+1))
		require.Equal(t, int64(1), body.closed.Load())
		require.Equal(t, status/100 == 4 || status/100 == 3, e.Permanent())
		require.Empty(t, e.Body)
	}
}

func TestF3_TheBodyIsAlwaysClosed(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
	}{{200, good}, {200, "x"}, {200, ""}, {204, ""}, {307, "x"}, {400, "x"}, {503, ""}} {
		closed := 0
		f := newFetcher(t, config(roundTripper(func(*http.Request) (*http.Response, error) {
			r := reply(c.status, c.body)
			r.Body = closer{strings.NewReader(c.body), func() { closed++ }}
			return r, nil
		})))
		_, _ = f.Fetch(t.Context())
		require.Equal(t, 1, closed, "%d %q", c.status, c.body)
	}
}

type closer struct {
	io.Reader
	close func()
}

func (c closer) Close() error { c.close(); return nil }

// The body of a 101 is the bare connection: reading it could last forever.
func TestF3_SwitchingProtocolsIsNotRead(t *testing.T) {
	closed := 0
	e := mustFail(t, config(roundTripper(func(*http.Request) (*http.Response, error) {
		r := reply(101, "")
		r.Body = closer{readerFunc(func([]byte) (int, error) {
			t.Error("the connection was read")
			return 0, io.EOF
		}), func() { closed++ }}
		return r, nil
	})))
	require.Equal(t, 101, e.Status)
	require.False(t, e.Permanent())
	require.Equal(t, 1, closed)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestF3_ConnectionsAreReusedAfterErrors(t *testing.T) {
	s := serve(t, respond(400, strings.Repeat("no ", 20_000)))
	f := newFetcher(t, s.at())
	fresh := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if !info.Reused {
				fresh++
			}
		},
	})
	for range 5 {
		_, err := f.Fetch(ctx)
		require.Error(t, err)
	}
	require.Equal(t, 1, fresh)
	require.Equal(t, 5, s.seen())
}
