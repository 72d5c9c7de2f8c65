package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestX1_Continue(t *testing.T) {
	for _, upstream := range []protocol{http1, http2, h2c} {
		t.Run(string(upstream), func(t *testing.T) {
			l := newLab(t, upstream, echo, nil)
			require.Equal(t, 200, l.get(t, "/").StatusCode)
			c := l.dial(t)
			fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
			r := bufio.NewReader(c)
			line, err := r.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
			_, err = r.ReadString('\n')
			require.NoError(t, err)
			fmt.Fprint(c, "tea")
			resp, err := http.ReadResponse(r, nil)
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, 200, resp.StatusCode, "one 100, and then the response")
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, "tea", string(body))
		})
	}
}

// An upstream that takes its time gets the body without having asked for it. Its 100, which then comes late, is not
// passed on: the caller has one already.
func TestX1_AContinueThatComesLate(t *testing.T) {
	l := newLab(t, http1, func(w http.ResponseWriter, r *http.Request) {
		first := make([]byte, 1)
		_, _ = io.ReadFull(r.Body, first)
		w.WriteHeader(http.StatusContinue)
		rest, _ := io.ReadAll(r.Body)
		_, _ = w.Write(append(first, rest...))
	}, nil)
	require.Equal(t, 200, l.get(t, "/").StatusCode)
	c := l.dial(t)
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\ntea")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "tea", string(body))
}

// A body that the upstream does not want is not asked for.
func TestX1_ARefusalInPlaceOfContinue(t *testing.T) {
	l := newLab(t, http1, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(413) }, nil)
	require.Equal(t, 413, l.get(t, "/").StatusCode)
	c := l.dial(t)
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	require.Equal(t, 413, resp.StatusCode)
	resp.Body.Close()
}

func TestX1_EarlyHintsReachThoseWhoUnderstandThem(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		l := newLab(t, upstream, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</style.css>; rel=preload")
			w.WriteHeader(103)
			w.WriteHeader(200)
		}, nil)
		var mu sync.Mutex
		var hints []int
		trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			mu.Lock()
			defer mu.Unlock()
			hints = append(hints, code)
			return nil
		}}
		req := request(t, "GET", "/", nil)
		require.Equal(t, 200, do(t, l.caller(t, caller), req.WithContext(httptrace.WithClientTrace(req.Context(), trace))).StatusCode)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, caller == h2c, slices.Contains(hints, 103), "%v", hints)
	})
}

func TestX1_HeadAndEmptyResponses(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		l := newLab(t, upstream, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/204":
				w.WriteHeader(204)
			case "/304":
				w.WriteHeader(304)
			default:
				w.Header().Set("Content-Length", "1000")
				if r.Method != http.MethodHead {
					_, _ = io.WriteString(w, strings.Repeat("x", 1000))
				}
			}
		}, nil)
		c := l.caller(t, caller)
		resp := do(t, c, request(t, "HEAD", "/", nil))
		require.Equal(t, int64(1000), resp.ContentLength)
		require.Equal(t, 204, do(t, c, request(t, "GET", "/204", nil)).StatusCode)
		require.Equal(t, 304, do(t, c, request(t, "GET", "/304", nil)).StatusCode)
		require.Len(t, do(t, c, request(t, "GET", "/", nil)).body, 1000)
	})
}
