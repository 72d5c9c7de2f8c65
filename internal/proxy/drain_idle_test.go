package proxy_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/proxy"
)

const someRequest = "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"

// exchange sends a request on a connection, and returns the response.
func exchange(t *testing.T, c net.Conn) *http.Response {
	t.Helper()
	_, err := io.WriteString(c, someRequest)
	require.NoError(t, err)
	return received(t, c)
}

func received(t *testing.T, c net.Conn) *http.Response {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	return resp
}

// A caller may be sending a request on an idle connection at the moment when the end begins. It gets a response,
// with which the connection is closed; one that sends nothing is closed soon.
func TestX3_DrainServesARequestOnAnIdleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, nil)
		used, err := l.dial("main")
		require.NoError(t, err)
		defer used.Close()
		idle, err := l.dial("main")
		require.NoError(t, err)
		defer idle.Close()
		require.False(t, exchange(t, used).Close)
		require.False(t, exchange(t, idle).Close)
		began := time.Now()
		l.stop()
		synctest.Wait()
		time.Sleep(500 * time.Millisecond)
		resp := exchange(t, used)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.True(t, resp.Close, "Connection: close")
		require.NoError(t, <-l.ended)
		require.LessOrEqual(t, time.Since(began), 1500*time.Millisecond)
		_, err = idle.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

// Without a connection there is nothing to wait for.
func TestX3_DrainWaitsForNoConnectionThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, nil)
		c, err := l.dial("main")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, exchange(t, c).StatusCode)
		began := time.Now()
		l.stop()
		synctest.Wait()
		require.NoError(t, c.Close())
		require.NoError(t, <-l.ended)
		require.Less(t, time.Since(began), 100*time.Millisecond)
	})
}

// Connections that the system has accepted and the proxy has not yet seen when the end begins are served as well.
func TestX3_DrainServesConnectionsThatWait(t *testing.T) {
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			l := newLab(t, http1, nil, nil)
			cfg := l.config
			address := filepath.Join(t.TempDir(), "s")
			cfg.Listeners = []proxy.Listener{{Address: "unix:" + address}}
			if network == "tcp" {
				free, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				address = free.Addr().String()
				require.NoError(t, free.Close())
				cfg.Listeners = []proxy.Listener{{Address: address}}
			}
			p, err := proxy.New(cfg)
			require.NoError(t, err)
			var waiting []net.Conn
			for range 20 {
				c, err := net.Dial(network, address)
				require.NoError(t, err)
				defer c.Close()
				require.NoError(t, c.SetDeadline(time.Now().Add(noLimit)))
				_, err = io.WriteString(c, someRequest)
				require.NoError(t, err)
				waiting = append(waiting, c)
			}
			ended, end := context.WithCancel(t.Context())
			end()
			ran := make(chan error, 1)
			go func() { ran <- p.Run(ended) }()
			for _, c := range waiting {
				require.Equal(t, http.StatusOK, received(t, c).StatusCode)
			}
			require.NoError(t, <-ran)
			_, err = net.Dial(network, address)
			require.Error(t, err)
			require.NoFileExists(t, address)
		})
	}
}
