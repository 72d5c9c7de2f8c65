package proxy_test

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The bytes behind a request whose end may be uncertain are not read as a request: no token goes along with what its
// caller may have meant as a part of the body.
func TestX2_NoRequestFollowsOneWhoseEndIsUncertain(t *testing.T) {
	const second = "GET /second HTTP/1.1\r\nHost: localhost\r\n\r\n"
	const last = "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
	post := func(version, body string, fields ...string) string {
		return "POST /first HTTP/" + version + "\r\nHost: localhost\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n" + body
	}
	hidden := "0\r\n\r\n" + second
	length := "Content-Length: " + strconv.Itoa(len(hidden))
	for name, c := range map[string]struct {
		text  string
		calls int32
	}{
		"length and chunks":      {post("1.1", hidden, length, "Transfer-Encoding: chunked"), 1},
		"chunks and length":      {post("1.1", hidden, "Transfer-Encoding: chunked", length), 1},
		"chunks in HTTP/1.0":     {post("1.0", hidden, "Connection: keep-alive", "Transfer-Encoding: chunked"), 1},
		"a chunk with a sign":    {post("1.1", "+5\r\n"+second, "Transfer-Encoding: chunked"), 0},
		"a chunk without a size": {post("1.1", "\r\n"+second, "Transfer-Encoding: chunked"), 0},
		"a size in another base": {post("1.1", "0x5\r\n"+second, "Transfer-Encoding: chunked"), 0},
		"no end of the chunks":   {post("1.1", "5\r\nhello\r\n"+second, "Transfer-Encoding: chunked"), 0},
		"a trailer without a colon": {
			post("1.1", "0\r\nX\r\n\r\n"+second, "Transfer-Encoding: chunked"), 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls := make(chan string, 10)
			l := newLab(t, http1, func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					calls <- r.URL.Path
				}
			}, nil)
			conn := l.dial(t)
			_, err := io.WriteString(conn, c.text+last)
			require.NoError(t, err)
			input := bufio.NewReader(conn)
			resp, err := http.ReadResponse(input, nil)
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, resp.Body)
			if c.calls == 0 {
				require.Equal(t, http.StatusBadRequest, resp.StatusCode, "the caller's fault, and not the upstream's")
			}
			rest, _ := io.ReadAll(input) // to the end of the connection
			require.Empty(t, string(rest))
			require.Len(t, calls, int(c.calls))
			if c.calls > 0 {
				require.Equal(t, "/first", <-calls)
			}
		})
	}
}

// An upstream that closes the connection while a body is sent to it is not the caller's fault.
func TestX2_AnUpstreamThatFailsIsNotTheCallersFault(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		l := newLab(t, upstream, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadFull(r.Body, make([]byte, 1))
			panic(http.ErrAbortHandler)
		}, nil)
		body := io.MultiReader(strings.NewReader(strings.Repeat("a", 1<<20)), strings.NewReader("b")) // without a length
		resp := do(t, l.caller(t, caller), request(t, "POST", "/", body))
		require.Equal(t, http.StatusBadGateway, resp.StatusCode, resp.body)
	})
}
