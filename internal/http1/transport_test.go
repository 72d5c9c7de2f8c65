package http1_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/internal/http1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What came of a request, as far as a caller sees it.
type outcome struct {
	status         int
	header         http.Header
	length         int64
	body           string
	trailer        http.Header
	informational  []int
	failed, broken bool // there was no response; its body ended with an error
}

func outcomeOf(rt http.RoundTripper, req *http.Request) (o outcome) {
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
		o.informational = append(o.informational, code)
		return nil
	}}
	resp, err := rt.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		o.failed = true
		return o
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return outcome{status: resp.StatusCode}
	}
	body, err := io.ReadAll(resp.Body)
	o.status, o.header, o.length, o.body, o.broken = resp.StatusCode, resp.Header, resp.ContentLength, string(body), err != nil
	o.trailer = maps.Clone(resp.Trailer)
	return o
}

// Whatever a server sends, the outcome is that of net/http's own transport.
func TestX4_ResponsesAreThoseOfTheBase(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	long := strings.Repeat("x", 100_000)
	responses := map[string]string{
		"a length":                     head + "Content-Length: 5\r\nX: a\r\nX: b\r\n\r\nhello",
		"a long body":                  head + "Content-Length: 100000\r\n\r\n" + long,
		"an empty body":                head + "Content-Length: 0\r\n\r\n",
		"chunks":                       head + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
		"trailers":                     head + "Transfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n2\r\nhi\r\n0\r\nSum: 7\r\n\r\n",
		"until the end":                head + "\r\nhello",
		"the last one":                 head + "Connection: close\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.0":                     "HTTP/1.0 200 OK\r\n\r\nhello",
		"HTTP/1.0 with a length":       "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
		"no content":                   "HTTP/1.1 204 No Content\r\n\r\n",
		"not modified":                 "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
		"an error":                     "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nRetry-After: 1\r\n\r\nbusy",
		"early hints":                  "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + head + "Content-Length: 2\r\n\r\nhi",
		"a 100":                        "HTTP/1.1 100 Continue\r\n\r\n" + head + "Content-Length: 2\r\n\r\nhi",
		"many 102":                     strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 20) + head + "Content-Length: 2\r\n\r\nhi",
		"an upgrade without a request": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello",
		"nothing":                      "",
		"half a head":                  head + "Content-Le",
		"half a status":                "HTTP/1.",
		"half a body":                  head + "Content-Length: 10\r\n\r\nhello",
		"half a chunk":                 head + "Transfer-Encoding: chunked\r\n\r\n9\r\nhello",
		"no last chunk":                head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"a wrong chunk":                head + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
		"two lengths":                  head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"a length that is none":        head + "Content-Length: five\r\n\r\nhello",
		"a length and chunks":          head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"an unknown coding":            head + "Transfer-Encoding: gzip\r\n\r\nhello",
		"another protocol":             "SSH-2.0-OpenSSH_9.2\r\n",
		"a head that is too long":      head + "X: " + strings.Repeat("x", 17<<10) + "\r\nContent-Length: 0\r\n\r\n",
		"a head that is just not":      head + "X: " + strings.Repeat("x", 15<<10) + "\r\nContent-Length: 0\r\n\r\n",
		"a folded line":                head + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
		"a line without a colon":       head + "hello\r\nContent-Length: 0\r\n\r\n",
		"compressed":                   head + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
	}
	respond := func(s *session) {
		if req := s.request(); req != nil {
			name, _ := url.QueryUnescape(req.URL.RawQuery)
			s.send("%s", responses[name])
		}
	}
	each(t, respond, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		for name := range responses {
			for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
				req := c.request(method, "/?"+url.QueryEscape(name), nil)
				base := s.base()
				base.DisableKeepAlives = true // it would log what comes too much
				want := outcomeOf(base, req)
				base.CloseIdleConnections()
				require.Equal(t, want, outcomeOf(c.Transport, req), "%s of %s", method, name)
			}
		}
	})
}

// Whatever request is sent, the server gets the bytes that it gets from net/http's own transport.
func TestX4_RequestsAreThoseOfTheBase(t *testing.T) {
	received := make(chan string, 1)
	record := func(s *session) {
		for s.request() != nil {
			received <- s.raw.String()
			s.raw.Reset()
			s.ok("")
		}
	}
	each(t, record, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		base := s.base()
		defer base.CloseIdleConnections()
		for _, header := range []http.Header{
			{}, {"User-Agent": {""}}, {"User-Agent": {"curl/8"}, "Accept-Encoding": {"gzip, br"}, "X": {"a", "b"}}, {"Te": {"trailers"}},
			{"Large": {strings.Repeat("x", 10<<10)}}, {"Larger": {strings.Repeat("x", 100<<10)}}, {"Range": {"bytes=0-3"}},
		} {
			for _, method := range []string{"", "GET", "HEAD", "OPTIONS"} {
				req := c.request(method, "/a%2Fb?c=d;e", nil)
				req.Header, req.Host = header, "api.example.com"
				require.Equal(t, 200, outcomeOf(base, req).status)
				want := <-received
				require.Equal(t, 200, outcomeOf(c.Transport, req).status)
				require.Equal(t, want, <-received)
			}
		}
	})
}

func TestX4_AConnectionIsUsedAgain(t *testing.T) {
	each(t, echo, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		for range 20 {
			require.Equal(t, "a", c.get("/a"))
		}
		require.EqualValues(t, 1, s.accepted.Load())
	})
}

// No goroutine waits for a connection, be it idle or in use.
func TestX4_ConnectionsHaveNoGoroutines(t *testing.T) {
	each(t, echo, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		before := runtime.NumGoroutine()
		var open []io.Closer
		for range 10 {
			resp, err := c.RoundTrip(c.request("GET", "/a", nil))
			require.NoError(t, err)
			open = append(open, resp.Body)
		}
		// The server has one for each.
		require.LessOrEqual(t, runtime.NumGoroutine()-before, 10)
		for _, body := range open {
			body.Close()
			<-s.closed
		}
	})
}

// What is sent elsewhere than by this package's connections.
func TestX4_TheBaseSendsAllElse(t *testing.T) {
	s := serve(t, false, withFirst(echo))
	c := call(t, s, nil)
	for name, change := range map[string]func(*http.Request){
		"POST":       func(r *http.Request) { r.Method = "POST" },
		"DELETE":     func(r *http.Request) { r.Method = "DELETE" },
		"a body":     func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 1 },
		"an upgrade": func(r *http.Request) { r.Header = http.Header{"Connection": {"upgrade"}, "Upgrade": {"websocket"}} },
		"a close":    func(r *http.Request) { r.Close = true },
	} {
		t.Run(name, func(t *testing.T) {
			used := false
			req := c.request("GET", "/a", nil)
			change(req)
			trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { used = true }} // net/http calls it
			resp, err := c.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
			require.NoError(t, err)
			resp.Body.Close()
			require.True(t, used)
		})
	}
	require.Equal(t, "a", c.get("/a"))
}

// An origin is asked by HTTP/2 as long as that is what it speaks.
func TestX4_HTTP2IsTheBases(t *testing.T) {
	h2 := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	h2.EnableHTTP2 = true
	h2.StartTLS()
	defer h2.Close()
	base := h2.Client().Transport.(*http.Transport)
	base.DisableCompression = true
	c := &caller{http1.New(base), t, h2.URL}
	defer c.CloseIdleConnections()
	for range 3 {
		require.Equal(t, "HTTP/2.0", c.get("/"))
	}
	upgrade := c.request("GET", "/", nil)
	upgrade.Header = http.Header{"Connection": {"upgrade"}, "Upgrade": {"websocket"}}
	resp, err := c.RoundTrip(upgrade)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, 1, resp.ProtoMajor)
	require.Equal(t, "HTTP/2.0", c.get("/"), "an upgrade says nothing about other requests")
}

func TestX4_ProxiesAreTheBases(t *testing.T) {
	s := serve(t, false, withFirst(echo))
	through := false
	c := call(t, s, func(base *http.Transport) {
		base.Proxy = func(*http.Request) (*url.URL, error) {
			if through {
				return nil, errors.New("the proxy is asked")
			}
			return nil, nil
		}
	})
	require.Equal(t, "a", c.get("/a"))
	through = true
	_, err := c.tryGet("/a")
	require.ErrorContains(t, err, "the proxy is asked")
}

func TestC1_ARequestThatEndsClosesItsConnection(t *testing.T) {
	arrived := make(chan struct{}, 1)
	respond := func(s *session) {
		for req := s.request(); req != nil; req = s.request() {
			switch req.URL.Path {
			case "/silent":
				arrived <- struct{}{}
			case "/half":
				s.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
				arrived <- struct{}{}
			default:
				s.ok("a")
			}
		}
	}
	why := errors.New("why")
	each(t, respond, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		for range 2 { // on a new connection, and on one that was used
			for _, path := range []string{"/silent", "/half"} {
				ctx, cancel := context.WithCancelCause(t.Context())
				ended := make(chan error, 1)
				go func() {
					resp, err := c.RoundTrip(c.request("GET", path, nil).WithContext(ctx))
					if err == nil {
						_, err = io.ReadAll(resp.Body)
						resp.Body.Close()
					}
					ended <- err
				}()
				<-arrived
				cancel(why)
				require.Equal(t, why, <-ended)
				<-s.closed
				require.Equal(t, "a", c.get("/a"))
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.RoundTrip(c.request("GET", "/a", nil).WithContext(ctx))
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestX4_ABodyThatIsNotReadClosesItsConnection(t *testing.T) {
	half := func(s *session) {
		if s.request() != nil {
			s.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
			s.request()
		}
	}
	for name, part := range map[string]int{"nothing of it": 0, "what has come": 5} {
		t.Run(name, func(t *testing.T) {
			each(t, half, func(t *testing.T, s *server) {
				c := call(t, s, nil)
				resp, err := c.RoundTrip(c.request("GET", "/", nil))
				require.NoError(t, err)
				_, err = io.ReadFull(resp.Body, make([]byte, part))
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.NoError(t, resp.Body.Close())
				<-s.closed
				_, err = resp.Body.Read(make([]byte, 1))
				require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
			})
		})
	}
}

// A body may be closed while it is read.
func TestX4_CloseEndsARead(t *testing.T) {
	half := func(s *session) {
		if s.request() != nil {
			s.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
			s.request()
		}
	}
	each(t, half, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		resp, err := c.RoundTrip(c.request("GET", "/", nil))
		require.NoError(t, err)
		begun, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			_, _ = io.ReadFull(resp.Body, make([]byte, 5))
			close(begun)
			_, err := resp.Body.Read(make([]byte, 1))
			ended <- err
		}()
		<-begun
		require.NoError(t, resp.Body.Close())
		require.Error(t, <-ended)
		<-s.closed
	})
}

// The head of a response may take long; its body has no limit.
func TestX4_ALongBodyOfAnIdleConnection(t *testing.T) {
	body := strings.Repeat("0123456789", 1<<16)
	large := func(s *session) {
		for s.request() != nil {
			s.ok(body)
		}
	}
	each(t, large, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		for range 3 {
			require.True(t, c.get("/") == body)
		}
		require.EqualValues(t, 1, s.accepted.Load())
	})
}

// Many requests at once, over connections that the server closes as it likes, all get the responses to them.
func TestX4_NoResponseIsAnothersOrLost(t *testing.T) {
	moody := func(s *session) {
		for n := 1; ; n++ {
			req := s.request()
			if req == nil {
				return
			}
			path := strings.TrimPrefix(req.URL.Path, "/")
			switch {
			case n%7 == 0:
				s.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%s", path)
				return
			case n%5 == 0:
				s.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(path), path)
			default:
				s.ok(path)
			}
			if s.number%3 == 0 && n == 4 {
				return // and sends nothing
			}
		}
	}
	each(t, moody, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		var callers sync.WaitGroup
		for number := range 16 {
			callers.Go(func() {
				for i := range 100 {
					path := strings.Repeat(string(rune('a'+number)), 1+i*7%50)
					body, err := c.tryGet("/" + path)
					if err != nil || body != path {
						t.Errorf("%v, %q instead of %q", err, body, path)
						return
					}
				}
			})
		}
		callers.Wait()
	})
}

// Allocations are those of net/http's parsers, and few more.
func TestX4_AllocationsOfAnExchange(t *testing.T) {
	s := serve(t, false, withFirst(echo))
	c := call(t, s, nil)
	req := c.request("GET", "/a", nil)
	buffer := make([]byte, 10)
	send := func(rt http.RoundTripper) func() {
		return func() {
			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = resp.Body.Read(buffer)
			}
			resp.Body.Close()
		}
	}
	base := s.base()
	defer base.CloseIdleConnections()
	theirs, ours := testing.AllocsPerRun(200, send(base)), testing.AllocsPerRun(200, send(c.Transport))
	require.Less(t, ours, theirs)
}
