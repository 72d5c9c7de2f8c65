package proxy_test

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestX1_EventsArriveWhenTheyAreSent(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		next := make(chan string)
		l := newLab(t, upstream, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.(http.Flusher).Flush()
			for event := range next {
				fmt.Fprintf(w, "data: %s\n\n", event)
				w.(http.Flusher).Flush()
			}
		}, nil)
		resp, err := l.caller(t, caller).Do(request(t, "GET", "/", nil))
		require.NoError(t, err)
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for i := range 3 {
			next <- fmt.Sprint(i) // the next one is not sent before this one has arrived
			require.True(t, lines.Scan())
			require.Equal(t, fmt.Sprintf("data: %d", i), lines.Text())
			require.True(t, lines.Scan())
		}
		close(next)
		require.False(t, lines.Scan())
	})
}

func TestX1_ALargeUploadIsStreamed(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		l := newLab(t, upstream, func(w http.ResponseWriter, r *http.Request) {
			sum := sha256.New()
			n, _ := io.Copy(sum, r.Body)
			fmt.Fprintf(w, "%d %s", n, hex.EncodeToString(sum.Sum(nil)))
		}, nil)
		const size = 20 << 20
		sum := sha256.New()
		body := io.TeeReader(io.LimitReader(rand.Reader, size), sum)
		resp := do(t, l.caller(t, caller), request(t, "PUT", "/", body))
		require.Equal(t, fmt.Sprintf("%d %s", size, hex.EncodeToString(sum.Sum(nil))), resp.body)
	})
}

func TestX1_MessagesInBothDirections(t *testing.T) {
	for _, upstream := range []protocol{http2, h2c} { // an upstream of HTTP/1 has to be asked for it
		for _, caller := range []protocol{http1, h2c} {
			t.Run(string(caller)+" to "+string(upstream), func(t *testing.T) {
				l := newLab(t, upstream, func(w http.ResponseWriter, r *http.Request) {
					w.(http.Flusher).Flush()
					lines := bufio.NewScanner(r.Body)
					for lines.Scan() {
						fmt.Fprintf(w, "%s!\n", lines.Text())
						w.(http.Flusher).Flush()
					}
				}, nil)
				r, w := io.Pipe()
				resp, err := l.caller(t, caller).Do(request(t, "POST", "/", r))
				require.NoError(t, err)
				defer resp.Body.Close()
				lines := bufio.NewScanner(resp.Body)
				for i := range 3 {
					fmt.Fprintf(w, "%d\n", i)
					require.True(t, lines.Scan())
					require.Equal(t, fmt.Sprintf("%d!", i), lines.Text())
				}
				require.NoError(t, w.Close())
				require.False(t, lines.Scan())
			})
		}
	}
}

// An upstream that has seen enough responds at once, whatever the length of its response.
func TestX1_AnEarlyResponseIsNotHeldBack(t *testing.T) {
	for _, upstream := range []protocol{http2, h2c} {
		for _, caller := range []protocol{http1, h2c} {
			t.Run(string(caller)+" to "+string(upstream), func(t *testing.T) {
				l := newLab(t, upstream, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Length", "3")
					_, _ = io.WriteString(w, "tea")
					w.(http.Flusher).Flush()
					_, _ = io.Copy(io.Discard, r.Body)
				}, nil)
				r, w := io.Pipe()
				go io.WriteString(w, "a beginning")
				resp, err := l.caller(t, caller).Do(request(t, "POST", "/", r))
				require.NoError(t, err)
				defer resp.Body.Close()
				body := make([]byte, 3)
				_, err = io.ReadFull(resp.Body, body)
				require.NoError(t, err)
				require.Equal(t, "tea", string(body))
				w.Close()
			})
		}
	}
}

// A caller that stops in the middle of its request keeps nothing busy once it has its response.
func TestX1_ACallerThatNeverEndsItsRequestHasItsConnectionClosed(t *testing.T) {
	for _, upstream := range []protocol{http2, h2c} {
		t.Run(string(upstream), func(t *testing.T) {
			l := newLab(t, upstream, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "enough") }, nil)
			c := l.dial(t)
			fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n")
			r := bufio.NewReader(c)
			resp, err := http.ReadResponse(r, nil)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, "enough", string(body))
			_, err = r.ReadByte()
			require.ErrorIs(t, err, io.EOF)
			require.Eventually(t, func() bool { return l.inFlight() == 0 }, noLimit, time.Millisecond)
		})
	}
}
