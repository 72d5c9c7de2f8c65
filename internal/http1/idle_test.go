package http1_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/dial"
	"github.com/alf-go/alf/internal/http1"
)

// A server may close an idle connection at any time: the request is sent again, unseen by the caller.
func TestX4_AnIdleConnectionThatWasClosed(t *testing.T) {
	once := func(s *session) {
		if req := s.request(); req != nil {
			s.ok("a")
		}
	}
	each(t, once, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		for range 10 {
			require.Equal(t, "a", c.get("/"))
			<-s.closed
		}
		require.EqualValues(t, 10, s.accepted.Load())
	})
}

// The server may also close it when it has the request already, if nothing of a response was sent.
func TestX4_AConnectionThatIsClosedWhenItIsUsedAgain(t *testing.T) {
	refusing := func(s *session) {
		if s.request() != nil {
			s.ok("a")
			s.request()
		}
	}
	each(t, refusing, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		for range 10 {
			require.Equal(t, "a", c.get("/"))
		}
		require.EqualValues(t, 10, s.accepted.Load())
	})
}

// A request whose response has begun is not sent again, and one on a new connection is not either.
func TestX4_WhatIsNotSentAgain(t *testing.T) {
	requests := make(chan string, 100)
	breaking := func(s *session) {
		for req := s.request(); req != nil; req = s.request() {
			requests <- req.URL.Path
			switch req.URL.Path {
			case "/begun":
				s.send("HTTP/1.1 20")
				return
			case "/none":
				return
			}
			s.ok("a")
		}
	}
	each(t, breaking, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		_, err := c.tryGet("/none")
		require.Error(t, err)
		require.Equal(t, "/none", <-requests)
		require.Empty(t, requests)
		require.Equal(t, "a", c.get("/a"))
		<-requests
		_, err = c.tryGet("/begun")
		require.Error(t, err)
		require.Equal(t, "/begun", <-requests)
		require.Empty(t, requests)
	})
}

// What a server sends without a request is not taken for the response to the next one, whenever it comes.
func TestX2_WhatWasNotAskedForIsNoResponse(t *testing.T) {
	const unasked = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
	long := strings.Repeat("a", 10_000)
	for name, c := range map[string]struct{ method, first, later string }{
		"with the response":     {"GET", head + "a" + unasked, ""},
		"after the response":    {"GET", head + "a", unasked},
		"a part after it":       {"GET", head + "a", unasked[:1]},
		"half with it":          {"GET", head + "a" + unasked[:10], unasked[10:]},
		"as the body of a HEAD": {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 43\r\n\r\n" + unasked, ""},
		"as the body of a 204":  {"GET", "HTTP/1.1 204 No Content\r\n\r\n" + unasked, ""},
		// The end of this body is read past all buffers but that of TLS.
		"after a long body": {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + long + unasked, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ended, sent := make(chan struct{}), make(chan struct{})
			first := func(s *session) {
				for s.request() != nil {
					if s.number > 0 {
						s.ok("a")
						continue
					}
					s.send("%s", c.first)
					<-ended
					s.send("%s", c.later)
					sent <- struct{}{}
				}
			}
			each(t, first, func(t *testing.T, s *server) {
				caller := call(t, s, nil)
				resp, err := caller.RoundTrip(caller.request(c.method, "/", nil))
				require.NoError(t, err)
				for buffer := make([]byte, 32<<10); err == nil; {
					_, err = resp.Body.Read(buffer)
				}
				require.Equal(t, io.EOF, err)
				resp.Body.Close()
				ended <- struct{}{}
				<-sent
				require.Equal(t, "a", caller.get("/"))
				require.EqualValues(t, 2, s.accepted.Load())
			})
		})
	}
}

func TestX4_IdleConnectionsAreClosed(t *testing.T) {
	each(t, echo, func(t *testing.T, s *server) {
		c := call(t, s, nil)
		resp, err := c.RoundTrip(c.request("GET", "/a", nil))
		require.NoError(t, err)
		require.Equal(t, "b", c.get("/b"))
		c.CloseIdleConnections()
		<-s.closed
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		<-s.closed // the one that was in use meanwhile
		require.Equal(t, "c", c.get("/c"))
		require.Equal(t, "d", c.get("/d"))
		require.EqualValues(t, 3, s.accepted.Load())
	})
}

func TestX4_IdleConnectionsHaveATime(t *testing.T) {
	each(t, echo, func(t *testing.T, s *server) {
		c := call(t, s, func(base *http.Transport) { base.IdleConnTimeout = time.Millisecond })
		for range 3 {
			require.Equal(t, "a", c.get("/a"))
			<-s.closed
		}
	})
}

func TestX4_IdleConnectionsHaveALimit(t *testing.T) {
	each(t, echo, func(t *testing.T, s *server) {
		c := call(t, s, func(base *http.Transport) { base.MaxIdleConnsPerHost = 2 })
		var open []*http.Response
		for range 4 {
			resp, err := c.RoundTrip(c.request("GET", "/a", nil))
			require.NoError(t, err)
			open = append(open, resp)
		}
		for _, resp := range open {
			_, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
		}
		<-s.closed
		<-s.closed
		require.Equal(t, "a", c.get("/a"))
		require.EqualValues(t, 4, s.accepted.Load())
	})
}

// A server that is overloaded responds without waiting for a request, and may end its side then.
func TestX4_AResponseBeforeTheRequest(t *testing.T) {
	for name, ends := range map[string]bool{"and waits": false, "and ends its side": true} {
		t.Run(name, func(t *testing.T) {
			var connections atomic.Int64
			var known atomic.Bool
			sent := make(chan struct{}, 1)
			s := serve(t, false, func(one *session) {
				if connections.Add(1) == 1 {
					one.request()
					one.ok("first")
				} else {
					one.send("HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy")
					if ends {
						_ = one.Conn.(*net.TCPConn).CloseWrite()
					}
					sent <- struct{}{}
				}
				for one.request() != nil {
				}
			})
			c := call(t, s, func(base *http.Transport) {
				open := base.DialContext
				base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
					opened, err := open(ctx, network, address)
					if known.Load() {
						<-sent // and so it has come
					}
					return opened, err
				}
			})
			known.Store(true)
			for range 50 {
				require.Equal(t, "busy", c.get("/"))
			}
		})
	}
}

// An origin may become another server, which speaks another protocol.
func TestX4_AnOriginThatSpeaksHTTP2Instead(t *testing.T) {
	version := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }
	before := httptest.NewUnstartedServer(http.HandlerFunc(version))
	before.StartTLS()
	base := before.Client().Transport.(*http.Transport)
	base.DisableCompression, base.ForceAttemptHTTP2, base.DialContext = true, true, dial.AllAddresses(nil)
	c := &caller{http1.New(base), t, before.URL}
	defer c.CloseIdleConnections()
	require.Equal(t, "HTTP/1.1", c.get("/"))
	require.Equal(t, "HTTP/1.1", c.get("/"))
	before.Close()
	after := httptest.NewUnstartedServer(http.HandlerFunc(version))
	require.NoError(t, after.Listener.Close())
	var err error
	after.Listener, err = net.Listen("tcp", strings.TrimPrefix(before.URL, "https://"))
	require.NoError(t, err)
	after.Config.Protocols = new(http.Protocols)
	after.Config.Protocols.SetHTTP2(true)
	after.EnableHTTP2 = true
	after.StartTLS()
	defer after.Close()
	_, _ = c.tryGet("/") // which may fail
	require.Equal(t, "HTTP/2.0", c.get("/"))
	require.Equal(t, "HTTP/2.0", c.get("/"))
}
