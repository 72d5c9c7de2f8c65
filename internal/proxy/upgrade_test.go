package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chat is an upstream that repeats each line over a websocket. What is sent is not framed: that is no matter of the
// proxy's.
func chat(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		fmt.Fprintf(w, "upgrade %q connection %q settings %q", r.Header.Get("Upgrade"), r.Header.Get("Connection"), r.Header.Get("HTTP2-Settings"))
		return
	}
	c, both, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer c.Close()
	fmt.Fprint(both, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
	for {
		both.Flush()
		line, err := both.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Fprint(both, line)
	}
}

const handshake = "GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

func TestX1_Websockets(t *testing.T) {
	for _, upstream := range []protocol{http1, http1s} {
		t.Run(string(upstream), func(t *testing.T) {
			l := newLab(t, upstream, chat, nil)
			require.Equal(t, 200, l.get(t, "/").StatusCode)
			l.server.Revoke() // the handshake is sent again
			c := l.dial(t)
			fmt.Fprint(c, handshake)
			r := bufio.NewReader(c)
			resp, err := http.ReadResponse(r, &http.Request{Method: "GET"})
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, 101, resp.StatusCode)
			require.Equal(t, "websocket", resp.Header.Get("Upgrade"))
			require.Equal(t, "x", resp.Header.Get("Sec-WebSocket-Accept"))
			for i := range 3 {
				fmt.Fprintf(c, "%d\n", i)
				line, err := r.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("%d\n", i), line)
			}
			l.server.Revoke() // an open one outlives its token
			fmt.Fprint(c, "still here\n")
			line, err := r.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "still here\n", line)
			require.Equal(t, 2, l.server.Stats().TokenRequests)
		})
	}
}

// Another protocol could carry requests past the proxy: one that it does not know is not asked for.
func TestX2_OtherUpgradesAreNotPassedOn(t *testing.T) {
	l := newLab(t, http1, chat, nil)
	for _, head := range []string{
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
		"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
		"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
		"Upgrade: h2c\r\n",
	} {
		c := l.dial(t)
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\n%s\r\n", head)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
		require.Equal(t, `upgrade "" connection "" settings ""`, string(body))
	}
}

// A response to a handshake that is none of its kind is passed on as it is.
func TestX1_ARefusedWebsocket(t *testing.T) {
	l := newLab(t, http1, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no chat today", http.StatusConflict) }, nil)
	c := l.dial(t)
	fmt.Fprint(c, handshake)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, 409, resp.StatusCode)
	require.Equal(t, "no chat today\n", string(body))
}
