package alf_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// slowToClose is a base transport that responds before it has read the body, as HTTP/2 does: its Read runs on after its
// Close, and ends later.
type slowToClose struct {
	closeAfter, readUntil time.Duration // since the response; 0: at once

	mu    sync.Mutex
	sends []time.Duration
	start time.Time
	sent  []string
}

func (s *slowToClose) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sends = append(s.sends, time.Since(s.start))
	if len(s.sends) > 1 {
		body, err := io.ReadAll(req.Body)
		req.Body.Close()
		s.sent = append(s.sent, string(body))
		return respond(req, 200, "second"), err
	}
	_, _ = io.ReadFull(req.Body, make([]byte, 3))
	if s.readUntil > 0 {
		go req.Body.Read(make([]byte, 1)) // it takes as long as the body wants
		synctest.Wait()
	}
	if s.closeAfter >= 0 {
		time.AfterFunc(s.closeAfter, func() { req.Body.Close() })
	}
	return respond(req, 401, "first"), nil
}

// slowBody is a body whose fourth byte takes a while.
type slowBody struct {
	*strings.Reader
	delay time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.Len() == 7 {
		time.Sleep(b.delay)
	}
	return b.Reader.Read(p)
}

func (*slowBody) Close() error { return nil }

func TestC4_NothingIsSentAgainBeforeTheFirstBodyIsClosedAndNoReadOfItRuns(t *testing.T) {
	for _, tc := range []struct {
		closeAfter, readUntil, want time.Duration
	}{
		{0, 0, 0},
		{200 * time.Millisecond, 0, 200 * time.Millisecond},
		{200 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond},
		{300 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond},
		{499 * time.Millisecond, 0, 499 * time.Millisecond},
	} {
		for name, open := range map[string]func(*http.Request){
			"true copies": func(*http.Request) {},
			"rewound": func(req *http.Request) {
				reader := &slowBody{strings.NewReader("0123456789"), tc.readUntil}
				req.Body = reader
				req.GetBody = func() (io.ReadCloser, error) {
					_, err := reader.Seek(0, io.SeekStart)
					return reader, err
				}
			},
			"without GetBody": func(req *http.Request) {
				req.Body, req.GetBody = &slowBody{strings.NewReader("0123456789"), tc.readUntil}, nil
			},
		} {
			want := tc.want
			if name == "true copies" {
				want = 0 // what is sent again shares nothing with the first body
			}
			t.Run(fmt.Sprint(name, tc.closeAfter, tc.readUntil), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					base := &slowToClose{closeAfter: tc.closeAfter, readUntil: tc.readUntil, start: time.Now()}
					req, err := http.NewRequest(http.MethodPost, apiURL, strings.NewReader("0123456789"))
					require.NoError(t, err)
					open(req)
					resp, err := over(t, &fakeSource{}, base).Do(req)
					require.NoError(t, err)
					require.Equal(t, "second", readAll(t, resp))
					require.Equal(t, []time.Duration{0, want}, base.sends)
					require.Equal(t, []string{"0123456789"}, base.sent)
				})
			})
		}
	}
}

func TestC4_ABodyThatIsNotClosedWithinHalfASecondReturnsTheFirst401(t *testing.T) {
	for name, base := range map[string]*slowToClose{
		"never closed":    {closeAfter: -1},
		"closed too late": {closeAfter: 501 * time.Millisecond},
		"a Read runs on":  {readUntil: 501 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				base.start = time.Now()
				source := &fakeSource{}
				req, err := http.NewRequest(http.MethodPost, apiURL, nil)
				require.NoError(t, err)
				req.Body, req.ContentLength = &slowBody{strings.NewReader("0123456789"), base.readUntil}, 10
				req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("must not be called") }
				resp, err := over(t, source, base).Do(req)
				require.NoError(t, err)
				require.Equal(t, 500*time.Millisecond, time.Since(base.start))
				require.Equal(t, 401, resp.StatusCode)
				require.Equal(t, "first", readAll(t, resp))
				require.Len(t, base.sends, 1)
				require.Len(t, source.invalidated, 1, "other requests get the successor")
				time.Sleep(time.Second)
			})
		})
	}
}

func TestC8_ABodyThatWasReadToItsEndNeedsNoClose(t *testing.T) {
	for _, length := range []int64{-1, 10} {
		for _, again := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var sent []string
				var first io.ReadCloser
				base := roundTripper(func(req *http.Request) (*http.Response, error) {
					if len(sent) == 0 {
						first = req.Body
					}
					body, err := io.ReadAll(req.Body)
					sent = append(sent, string(body))
					return respond(req, []int{401, 200}[len(sent)-1], ""), err
				})
				body := hide("0123456789")
				req, err := http.NewRequest(http.MethodPost, apiURL, body)
				require.NoError(t, err)
				req.ContentLength = length
				if again {
					req.GetBody = func() (io.ReadCloser, error) {
						require.True(t, body.isClosed())
						return hide("0123456789"), nil
					}
				}
				resp, err := over(t, &fakeSource{}, base).Do(req)
				require.NoError(t, err)
				readAll(t, resp)
				require.Equal(t, []string{"0123456789", "0123456789"}, sent)
				require.Equal(t, 500*time.Millisecond, time.Since(start))
				require.NoError(t, first.Close(), "it comes too late to do harm")
				require.Equal(t, 1, body.closed)
				_, err = first.Read(make([]byte, 1))
				require.Error(t, err)
			})
		}
	}
}

// earlyServer is an API that responds 401 to token-1 after it has read some of the body, and to other tokens with a
// hash of the whole body.
func earlyServer(t *testing.T, http2 bool, read int64) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			_, _ = io.CopyN(io.Discard, r.Body, read)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		hash := sha256.New()
		n, err := io.Copy(hash, r.Body)
		fmt.Fprintf(w, "%d %x %v", n, hash.Sum(nil), err)
	}))
	if http2 {
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server
}

// stale is a source whose first token every request gets first, so that each of them gets a 401.
func stale() *fakeSource {
	return &fakeSource{token: sameToken(namedToken("token-1")), replace: nil}
}

// protocols runs a test over both.
func protocols(t *testing.T, test func(t *testing.T, http2 bool)) {
	for name, http2 := range map[string]bool{"HTTP/1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) { test(t, http2) })
	}
}

func TestC4_GetBodyThatRewindsOneFileDamagesNoUpload(t *testing.T) {
	content := make([]byte, 2<<20)
	for i := range content {
		content[i] = byte(i * i >> 7)
	}
	want := fmt.Sprintf("%d %x <nil>", len(content), sha256.Sum256(content))
	path := t.TempDir() + "/upload"
	require.NoError(t, os.WriteFile(path, content, 0o600))
	protocols(t, func(t *testing.T, http2 bool) {
		for name, length := range map[string]int64{"chunked": -1, "of known length": int64(len(content))} {
			server := earlyServer(t, http2, 1<<10)
			client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, server)}})
			whole, rejected := 0, 0
			for range 20 {
				file, err := os.Open(path)
				require.NoError(t, err)
				req, err := http.NewRequest(http.MethodPut, server.URL, io.NopCloser(file))
				require.NoError(t, err)
				req.ContentLength = length
				req.GetBody = func() (io.ReadCloser, error) {
					_, err := file.Seek(0, io.SeekStart)
					return io.NopCloser(file), err
				}
				resp, err := client.Do(req)
				require.NoError(t, err)
				switch response := readAll(t, resp); {
				case resp.StatusCode == 401:
					rejected++
				case response == want:
					whole++
				}
				file.Close()
			}
			require.Equal(t, 20, whole+rejected, "%s: %d whole, %d rejected, the others damaged", name, whole, rejected)
			require.Equal(t, 20, whole, "%s: %d rejected", name, rejected)
		}
	})
}

// clientTransport is the transport of a client for a test server, closed when the test ends.
func clientTransport(t *testing.T, server *httptest.Server) *http.Transport {
	transport, ok := server.Client().Transport.(*http.Transport)
	require.True(t, ok)
	transport = transport.Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func TestC4_ShortBodyOfKnownLengthWhose401CameEarlyIsSentAgain(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		server := earlyServer(t, http2, 0)
		client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, server)}})
		lost := 0
		for i := range 60 {
			size := []int{100, 4 << 10, 30 << 10, 60 << 10}[i%4]
			req, err := http.NewRequest(http.MethodPost, server.URL, hide(filler(size)))
			require.NoError(t, err)
			req.ContentLength = int64(size)
			resp, err := client.Do(req)
			require.NoError(t, err)
			response := readAll(t, resp)
			if resp.StatusCode == 401 {
				lost++
				continue
			}
			require.Equal(t, fmt.Sprintf("%d %x <nil>", size, sha256.Sum256([]byte(filler(size)))), response)
		}
		require.Zero(t, lost, "of 60 requests")
	})
}

func TestC4_RestOfAShortBodyIsReadOnlyIfItComesSoon(t *testing.T) {
	// The sender of the rest waits for the response.
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			_, _ = io.ReadFull(req.Body, make([]byte, 4))
			req.Body.Close()
			return respond(req, 401, "first"), nil
		})
		go writer.Write([]byte("half"))
		req, err := http.NewRequest(http.MethodPost, apiURL, reader)
		require.NoError(t, err)
		req.ContentLength = 8
		start := time.Now()
		resp, err := over(t, &fakeSource{}, base).Do(req)
		require.NoError(t, err)
		require.Equal(t, 401, resp.StatusCode)
		require.Equal(t, "first", readAll(t, resp))
		require.Equal(t, 500*time.Millisecond, time.Since(start))
		synctest.Wait()
		_, err = writer.Write([]byte("rest"))
		require.ErrorIs(t, err, io.ErrClosedPipe, "the body is closed")
	})
}

func TestC4_ReverseProxyLosesNoBody(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		upstream := earlyServer(t, http2, 0)
		target, err := url.Parse(upstream.URL)
		require.NoError(t, err)
		client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, upstream)}})
		proxy := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport: client.Transport(nil),
		})
		t.Cleanup(proxy.Close)
		content := filler(4 << 10)
		want := fmt.Sprintf("%d %x <nil>", len(content), sha256.Sum256([]byte(content)))
		var lost atomic.Int32
		atOnce(8, func(int) {
			for range 50 {
				resp, err := proxy.Client().Post(proxy.URL, "text/plain", strings.NewReader(content))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != 200 || string(body) != want {
					lost.Add(1)
				}
			}
		})
		require.Zero(t, lost.Load(), "of 400 requests")
	})
}

// rewinding is a body like that of connect-go: GetBody returns the one body, rewound.
type rewinding struct {
	mu sync.Mutex
	r  *bytes.Reader
}

func (r *rewinding) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.r.Read(p)
}
func (*rewinding) Close() error { return nil }
func (r *rewinding) get() (io.ReadCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.r.Seek(0, io.SeekStart)
	return r, err
}

func TestC4_GetBodyThatRewindsTheOneBodyLosesNoCall(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		server := earlyServer(t, http2, 0)
		client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, server)}})
		var failed atomic.Int32
		atOnce(20, func(i int) {
			for range 20 {
				content := []byte(filler(100 + 997*i))
				body := &rewinding{r: bytes.NewReader(content)}
				req, err := http.NewRequest(http.MethodPost, server.URL, body)
				if err != nil {
					t.Error(err)
					return
				}
				req.ContentLength, req.GetBody = int64(len(content)), body.get
				resp, err := client.Do(req)
				if err != nil {
					failed.Add(1)
					continue
				}
				response, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || string(response) != fmt.Sprintf("%d %x <nil>", len(content), sha256.Sum256(content)) {
					failed.Add(1)
				}
			}
		})
		require.Zero(t, failed.Load(), "of 400 calls")
	})
}

func TestC4_GetBodyThatReturnsAReadReaderSendsNoPart(t *testing.T) {
	for _, tc := range []struct {
		name   string
		size   int
		length int64 // Content-Length; -1: not known
		read   int   // how much the first send reads
		status int
	}{
		{"short, of unknown length: the recording is preferred", 100, -1, 1000, 200},
		{"very short, of known length: the recording is complete", 100, 100, 1000, 200},
		{"short, read to its end, of known length", 1000, 1000, 2000, 401},
		{"long, read to its end", 100 << 10, -1, 1 << 20, 401},
		{"long, read to its end, of known length", 100 << 10, 100 << 10, 1 << 20, 401},
		{"long, half read", 200 << 10, -1, 100 << 10, 401},
		{"long, a little was read", 200 << 10, -1, 10, 401},
		{"long, half read, of known length", 200 << 10, 200 << 10, 100 << 10, 401},
		{"nothing was read", 200 << 10, -1, 0, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			content := make([]byte, tc.size)
			for i := range content {
				content[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
			}
			for kind, same := range map[string]io.Reader{"seeker": bytes.NewReader(content), "reader": io.MultiReader(bytes.NewReader(content))} {
				var sent [][]byte
				base := roundTripper(func(req *http.Request) (*http.Response, error) {
					defer req.Body.Close()
					limit := int64(1 << 30)
					if len(sent) == 0 {
						limit = int64(tc.read)
					}
					body, err := io.ReadAll(io.LimitReader(req.Body, limit))
					if err != nil {
						return nil, err
					}
					sent = append(sent, body)
					return respond(req, []int{401, 200}[len(sent)-1], "response"), nil
				})
				req, err := http.NewRequest(http.MethodPost, apiURL, io.NopCloser(same))
				require.NoError(t, err)
				req.ContentLength = tc.length
				req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(same), nil }
				resp, err := over(t, &fakeSource{}, base).Do(req)
				require.NoError(t, err, kind)
				readAll(t, resp)
				require.Equal(t, tc.status, resp.StatusCode, kind)
				require.Equal(t, tc.status == 200, len(sent) == 2, kind)
				if len(sent) == 2 {
					require.True(t, bytes.Equal(content, sent[1]), "%s: %d of %d bytes were sent", kind, len(sent[1]), len(content))
				}
			}
		})
	}
}

func TestC4_APartThatWasMistakenForTheWholeIsNotSentToItsEnd(t *testing.T) {
	// The content repeats itself, so that only its length shows a loss.
	content := strings.Repeat("x", 100<<10)
	sends := 0
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		defer req.Body.Close()
		sends++
		_, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		return respond(req, []int{401, 200}[sends-1], ""), nil
	})
	req, err := http.NewRequest(http.MethodPost, apiURL, io.NopCloser(strings.NewReader(content)))
	require.NoError(t, err)
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content[:90<<10])), nil }
	_, err = over(t, &fakeSource{}, base).Do(req)
	require.ErrorContains(t, err, "did not return the whole body again")
}

func TestC4_TrailersAndLengthAreRightOverBothProtocols(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		var mu sync.Mutex
		var got []string
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			got = append(got, fmt.Sprint(r.Header.Get("Authorization"), " ", r.ContentLength, " ", string(body), " ", err, " ", r.Trailer.Get("X-Checksum")))
			if r.Header.Get("Authorization") == "Bearer token-1" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}))
		server.EnableHTTP2 = http2
		server.StartTLS()
		t.Cleanup(server.Close)
		client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, server)}})
		for _, again := range []bool{false, true} {
			got = nil
			req, err := http.NewRequest(http.MethodPost, server.URL, nil)
			require.NoError(t, err)
			req.Trailer = http.Header{"X-Checksum": nil}
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
			require.Equal(t, []string{"Bearer token-1 -1 content <nil> c0ffee", "Bearer token-2 -1 content <nil> c0ffee"}, got)
		}
	})
}

func TestC4_ABodyThatTheBaseSendsAgainByItselfIsWatchedToo(t *testing.T) {
	// net/http does so when a kept connection turns out to be closed.
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		sends := 0
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			if sends++; sends > 1 {
				body, err := io.ReadAll(req.Body)
				req.Body.Close()
				return respond(req, 200, string(body)), err
			}
			req.Body.Close()
			again, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			time.AfterFunc(100*time.Millisecond, func() { again.Close() })
			return respond(req, 401, ""), nil
		})
		body := &rewinding{r: bytes.NewReader([]byte("the body"))}
		req, err := http.NewRequest(http.MethodPost, apiURL, body)
		require.NoError(t, err)
		req.GetBody = body.get
		resp, err := over(t, &fakeSource{}, base).Do(req)
		require.NoError(t, err)
		require.Equal(t, "the body", readAll(t, resp))
		require.Equal(t, 100*time.Millisecond, time.Since(start))
	})
}
