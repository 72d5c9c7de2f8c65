package alf_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

const recorded = 64 << 10 // what C4 keeps of a body that is not available again otherwise

// delivery is one request as a server saw it.
type delivery struct {
	authorization string
	length        int64
	body          string
	trailer       http.Header
}

// startReceiver takes requests, refuses those with issued-1 (once their body was read) and keeps everything.
func startReceiver(t *testing.T) (*httptest.Server, *[]delivery) {
	var got []delivery
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte("broken: " + err.Error())
		}
		got = append(got, delivery{r.Header.Get("Authorization"), r.ContentLength, string(body), r.Trailer})
		if r.Header.Get("Authorization") == "Bearer token-1" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(server.Close)
	return server, &got
}

func TestC4_BodyIsSentAgainWhole(t *testing.T) {
	for _, tc := range []struct {
		name   string
		body   func(content string) io.Reader
		size   int
		length int64 // Content-Length to announce; 0: what NewRequest finds
		wire   int64 // Content-Length the server must see, both times
	}{
		{"GetBody, short", func(s string) io.Reader { return strings.NewReader(s) }, 10, 0, 10},
		{"GetBody, beyond what is recorded", func(s string) io.Reader { return bytes.NewReader([]byte(s)) }, 10 * recorded, 0, 10 * recorded},
		{"recorded, chunked", func(s string) io.Reader { return hide(s) }, 10, 0, -1},
		{"recorded, chunked, announced so", func(s string) io.Reader { return hide(s) }, 10, -1, -1},
		{"recorded, of known length", func(s string) io.Reader { return hide(s) }, 10, 10, 10},
		{"recorded up to the limit, chunked", func(s string) io.Reader { return hide(s) }, recorded, 0, -1},
		{"recorded up to the limit, of known length", func(s string) io.Reader { return hide(s) }, recorded, recorded, recorded},
		{"recorded, empty", func(s string) io.Reader { return hide(s) }, 0, 0, -1},
		{"no body", func(string) io.Reader { return nil }, 0, 0, 0},
		{"http.NoBody", func(string) io.Reader { return http.NoBody }, 0, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server, got := startReceiver(t)
			client := newClient(t, alf.Config{Manager: &fakeSource{}})
			content := filler(tc.size)
			req, err := http.NewRequest(http.MethodPost, server.URL, tc.body(content))
			require.NoError(t, err)
			if tc.length != 0 {
				req.ContentLength = tc.length
			}
			resp, err := client.Do(req)
			require.NoError(t, err)
			readAll(t, resp)
			require.Equal(t, 200, resp.StatusCode)
			require.Len(t, *got, 2)
			for i, d := range *got {
				require.Equal(t, []string{"Bearer token-1", "Bearer token-2"}[i], d.authorization)
				require.Equal(t, tc.wire, d.length)
				require.True(t, content == d.body, "send %d: %d bytes", i+1, len(d.body))
			}
		})
	}
}

func TestC4_BodyThatIsNotAvailableAgainIsNotSentAgainButTheTokenIsInvalidated(t *testing.T) {
	for _, tc := range []struct {
		name   string
		size   int
		length int64
	}{
		{"too long, chunked", recorded + 1, 0},
		{"too long, of known length", recorded + 1, recorded + 1},
		{"much too long", 20 * recorded, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server, got := startReceiver(t)
			source := &fakeSource{}
			client := newClient(t, alf.Config{Manager: source})
			req, err := http.NewRequest(http.MethodPost, server.URL, hide(filler(tc.size)))
			require.NoError(t, err)
			if tc.length != 0 {
				req.ContentLength = tc.length
			}
			resp, err := client.Do(req)
			require.NoError(t, err)
			readAll(t, resp)
			require.Equal(t, 401, resp.StatusCode)
			require.Len(t, *got, 1)
			require.Len(t, (*got)[0].body, tc.size)
			require.Len(t, source.invalidated, 1)
			require.Empty(t, source.replaced)
			require.EqualValues(t, 1, client.Stats().Unreplayable)

			resp, err = client.Get(server.URL)
			require.NoError(t, err)
			readAll(t, resp)
			require.Equal(t, 200, resp.StatusCode, "the next request profits")
		})
	}
}

func TestC4_TransportThatRespondsBeforeItHasReadTheBody(t *testing.T) {
	for _, tc := range []struct {
		name         string
		read         int
		size, length int64
		retried      bool
	}{
		{"nothing read", 0, 100, 0, true},
		{"half read", 50, 100, 0, true},
		{"half read of as much as is kept", 50, 64 << 10, 0, true},
		{"half read of more than is kept", 50, 64<<10 + 1, 0, false},
		{"half read of a known length", 50, 100, 100, true},
		{"all read, EOF not seen", 100, 100, 0, true},
		{"all of a known length read, EOF not seen", 100, 100, 100, true},
		{"EOF before the announced length", 101, 100, 200, false},
		{"more than the announced length", 100, 100, 99, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var bodies []string
			base := roundTripper(func(req *http.Request) (*http.Response, error) {
				if len(bodies) > 0 {
					body, err := io.ReadAll(req.Body)
					require.NoError(t, err)
					bodies = append(bodies, string(body))
					require.Equal(t, tc.length, req.ContentLength)
					return respond(req, 200, ""), nil
				}
				part := make([]byte, tc.read)
				n, _ := io.ReadFull(req.Body, part)
				req.Body.Close()
				bodies = append(bodies, string(part[:n]))
				return respond(req, 401, "the first"), nil
			})
			source, body := &fakeSource{}, hide(filler(int(tc.size)))
			req, err := http.NewRequest(http.MethodPost, apiURL, body)
			require.NoError(t, err)
			req.ContentLength = tc.length
			resp, err := over(t, source, base).Do(req)
			require.NoError(t, err)
			response := readAll(t, resp)
			require.True(t, body.isClosed())
			if tc.retried {
				require.Equal(t, 200, resp.StatusCode)
				require.Equal(t, filler(int(tc.size)), bodies[1])
				return
			}
			require.Equal(t, 401, resp.StatusCode)
			require.Equal(t, "the first", response)
			require.Len(t, bodies, 1)
			require.Len(t, source.invalidated, 1)
		})
	}
}

func TestC4_ABodyOfUnknownLengthThatDoesNotEndDelaysThe401ForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			req.Body.Close()
			return respond(req, 401, "the first"), nil
		})
		source := &fakeSource{}
		body, w := io.Pipe() // the caller goes on sending when it has seen the response
		defer w.Close()
		req, err := http.NewRequest(http.MethodPost, apiURL, body)
		require.NoError(t, err)
		start := time.Now()
		resp, err := over(t, source, base).Do(req)
		require.NoError(t, err)
		require.Equal(t, "the first", readAll(t, resp))
		require.Equal(t, 500*time.Millisecond, time.Since(start))
		require.Len(t, source.invalidated, 1)
		synctest.Wait() // the body is closed by another goroutine
		_, err = w.Write([]byte("x"))
		require.ErrorIs(t, err, io.ErrClosedPipe)
	})
}

func TestC4_TransportThatIsStillReadingWhenThe401Arrives(t *testing.T) {
	// For the race detector: the base reads on in the background, as real ones do after an early response.
	done := make(chan struct{})
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		go func() {
			defer close(done)
			_, _ = io.Copy(io.Discard, req.Body)
			req.Body.Close()
		}()
		return respond(req, 401, ""), nil
	})
	client := over(t, &fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) { return nil, alf.ErrSuppressed }}, base)
	resp, err := client.Post(apiURL, "", hide(filler(recorded)))
	require.NoError(t, err)
	readAll(t, resp)
	<-done
	require.Equal(t, 401, resp.StatusCode)
}

func TestC4_ExpectContinue(t *testing.T) {
	auth := startAuth(t)
	for _, tc := range []struct {
		name   string
		body   io.Reader
		status int
		bodies []string
	}{
		{"body is available again", strings.NewReader("the body"), 200, []string{"the body"}},
		{"body was never read, and is of a known, short length", hide("the body"), 200, []string{"the body"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var bodies []string
			api := startAPI(t, auth, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				require.NoError(t, err)
				bodies = append(bodies, string(body))
			})
			client := newClient(t, auth.config())
			_, err := client.Token(context.Background())
			require.NoError(t, err)
			auth.revokeAll()
			req, err := http.NewRequest(http.MethodPut, api.URL, tc.body)
			require.NoError(t, err)
			req.ContentLength = 8
			req.Header.Set("Expect", "100-continue")
			resp, err := client.Do(req)
			require.NoError(t, err)
			readAll(t, resp)
			require.Equal(t, tc.status, resp.StatusCode)
			require.Equal(t, tc.bodies, bodies, "never an empty or half body")
		})
	}
}

func TestC4_TrailersAreSentBothTimes(t *testing.T) {
	for _, again := range []bool{false, true} {
		server, got := startReceiver(t)
		client := newClient(t, alf.Config{Manager: &fakeSource{}})
		req, err := http.NewRequest(http.MethodPost, server.URL, nil)
		require.NoError(t, err)
		req.Trailer = http.Header{"X-Checksum": nil}
		// A caller's body sets the trailer when its end is reached.
		open := func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("content"), atEnd(func() { req.Trailer.Set("X-Checksum", "c0ffee") }))), nil
		}
		req.Body, _ = open()
		req.ContentLength = -1
		if again {
			req.GetBody = open
		}
		resp, err := client.Do(req)
		require.NoError(t, err)
		readAll(t, resp)
		require.Equal(t, 200, resp.StatusCode)
		require.Len(t, *got, 2)
		for _, d := range *got {
			require.Equal(t, "content", d.body)
			require.EqualValues(t, -1, d.length)
			require.Equal(t, "c0ffee", d.trailer.Get("X-Checksum"))
		}
	}
}

// atEnd is an empty reader that does something.
type atEnd func()

func (f atEnd) Read([]byte) (int, error) { f(); return 0, io.EOF }

func TestC4_GetBodyThatFailsReturnsTheFirst401Whole(t *testing.T) {
	base, body := tracked(1 << 20)
	source := &fakeSource{}
	client := over(t, source, base)
	req, err := http.NewRequest(http.MethodPost, apiURL, strings.NewReader("body"))
	require.NoError(t, err)
	req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("file is gone") }
	resp, err := client.Do(req)
	require.NoError(t, err)
	require.Equal(t, filler(1<<20), readAll(t, resp))
	require.Equal(t, 401, resp.StatusCode)
	require.True(t, body.closed.Load())
	require.Len(t, source.replaced, 1)
	require.EqualValues(t, 1, client.Stats().Unreplayable)
}

func TestC4_BodyTooLongToBeRecordedReachesTheTransportAsItIs(t *testing.T) {
	// The transport may know a faster way for its type, such as sendfile for a file.
	body := hide("")
	var reached io.ReadCloser
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		reached = req.Body
		return respond(req, 200, ""), nil
	})
	req, err := http.NewRequest(http.MethodPost, apiURL, body)
	require.NoError(t, err)
	req.ContentLength = recorded + 1
	resp, err := over(t, &fakeSource{}, base).Transport(nil).RoundTrip(req)
	require.NoError(t, err)
	readAll(t, resp)
	require.Same(t, body, reached)
}

func TestC4_ReplayBufferIsDroppedOnceTheResponseNeedsNone(t *testing.T) {
	base, content := script(200), strings.Repeat("x", recorded) // it keeps all requests, with their bodies
	client := over(t, &fakeSource{}, base)
	before := heap()
	for range 200 {
		resp, err := client.Post(apiURL, "", io.LimitReader(strings.NewReader(content), recorded))
		require.NoError(t, err)
		readAll(t, resp)
		base.bodies = nil
	}
	require.Less(t, heap(), before+100*recorded)
	require.Len(t, base.seen, 200)
}

// heap is how much of it is in use.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestC4_EarlyResponseOnARealSocketNeverSendsHalfABody(t *testing.T) {
	sends := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sends++
		w.Header().Set("Connection", "close") // or else the server reads the body before it responds
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	source := &fakeSource{}
	client := newClient(t, alf.Config{Manager: source})
	reader, writer := io.Pipe()
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		_, _ = io.WriteString(writer, "half of the body")
	}()
	resp, err := client.Post(server.URL, "", reader)
	require.NoError(t, err)
	readAll(t, resp)
	require.NoError(t, writer.Close()) // only now would the body have ended
	require.NoError(t, reader.Close())
	<-wrote
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, 1, sends)
	require.Len(t, source.invalidated, 1)
}
