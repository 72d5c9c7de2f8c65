package proxy_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
)

func (l *memoryLab) readyz() int {
	return call(l.proxy.Health(), "GET", "/readyz", nil).Code
}

func TestX3_ReadyOnceATokenIsThereAndStaysSoInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, func(l *memoryLab) { l.server.GoDown(10 * time.Minute) })
		defer l.end()
		for range 5 {
			time.Sleep(time.Minute)
			require.Equal(t, http.StatusServiceUnavailable, l.readyz())
			require.Equal(t, http.StatusOK, call(l.proxy.Health(), "GET", "/livez", nil).Code)
		}
		time.Sleep(5*time.Minute + 11*time.Second) // a backoff of 10 s at most
		require.Equal(t, http.StatusOK, l.readyz())
		l.server.GoDown(24 * time.Hour)
		time.Sleep(3 * time.Hour) // the token has expired
		require.Equal(t, http.StatusOK, l.readyz())
	})
}

func TestX3_ReadyWithOneTenantWhoseCredentialsAreWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, func(l *memoryLab) {
			l.config.Clients = append(l.config.Clients, l.client("two"))
			l.config.Clients[1].Config.ClientID = "unknown"
			l.config.Routes = append(l.config.Routes, l.config.Routes[0])
			l.config.Routes[1].Route = routing.Route{Name: "other", Path: "/other"}
			l.config.Routes[1].Client = 1
			l.server.Client("unknown").GoDown(time.Hour)
		})
		defer l.end()
		time.Sleep(15 * time.Second)
		require.Equal(t, http.StatusOK, l.readyz())
	})
}

func TestX3_ProbesAreServedByGetAndHeadAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, nil)
		defer l.end()
		synctest.Wait()
		for _, path := range []string{"/readyz", "/livez"} {
			require.Equal(t, http.StatusOK, call(l.proxy.Health(), "HEAD", path, nil).Code)
			for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
				require.Equal(t, http.StatusMethodNotAllowed, call(l.proxy.Health(), method, path, nil).Code)
			}
		}
		for _, path := range []string{"/", "/metrics", "/status", "/quitquitquit", "/readyz/", "/readyz/x"} {
			require.Equal(t, http.StatusNotFound, call(l.proxy.Health(), "GET", path, nil).Code, path)
		}
	})
}

func TestX3_DrainLetsRequestsEndAndClosesKeepAliveConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, nil)
		c := l.caller("main")
		l.get(c, "/")
		slow := make(chan *http.Response, 1)
		go func() {
			resp, err := c.Get("http://localhost/slow/20s")
			if err != nil {
				t.Error(err)
			}
			slow <- resp
		}()
		time.Sleep(time.Second)
		began := time.Now()
		l.stop()
		synctest.Wait()
		require.Equal(t, http.StatusServiceUnavailable, l.readyz())
		_, err := l.dial("main")
		require.ErrorContains(t, err, "closed", "no connection is accepted")
		resp := <-slow
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "slow", string(body))
		require.True(t, resp.Close, "Connection: close")
		require.NoError(t, <-l.ended)
		require.InDelta(t, 19, time.Since(began).Seconds(), 1.5)
	})
}

func TestX3_DrainEndsAtItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, nil)
		failed := make(chan error, 1)
		go func() {
			resp, err := l.caller("main").Get("http://localhost/slow/10h")
			if err == nil {
				resp.Body.Close()
			}
			failed <- err
		}()
		time.Sleep(time.Second)
		began := time.Now()
		l.end()
		require.InDelta(t, 30, time.Since(began).Seconds(), 1)
		require.Error(t, <-failed)
	})
}

func TestX3_WebsocketsAreClosedAtTheirLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, nil)
		c, r := l.websocket("main")
		say := func() {
			_, err := io.WriteString(c, "hello\n")
			require.NoError(t, err)
			line, err := r.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "hello\n", line)
		}
		say()
		began := time.Now()
		l.stop()
		time.Sleep(9 * time.Second)
		say()
		_, err := r.ReadByte()
		require.ErrorIs(t, err, io.EOF)
		require.InDelta(t, 10, time.Since(began).Seconds(), 0.1)
		require.NoError(t, <-l.ended)
		require.InDelta(t, 10, time.Since(began).Seconds(), 1)
	})
}

func TestX3_WithNothingInFlightTheEndComesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, nil)
		l.get(l.caller("main"), "/")
		began := time.Now()
		l.end()
		require.Less(t, time.Since(began), 2*time.Second)
	})
}

func TestX3_TheEndComesInAnOutageBeforeAnyToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, func(l *memoryLab) { l.server.Hang(time.Hour) })
		time.Sleep(time.Minute)
		began := time.Now()
		l.end()
		require.Less(t, time.Since(began), 6*time.Second)
	})
}

func TestX3_AListenerThatFailsEndsTheProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, nil)
		defer l.stop()
		synctest.Wait()
		l.at["main"].Close()
		require.Error(t, <-l.ended)
	})
}

func TestX3_QuitEndsLikeASignalAndOnlyOverUnixSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, nil)
		c := l.caller("main")
		slow := make(chan int, 1)
		go func() {
			resp, err := c.Get("http://localhost/slow/5s")
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			slow <- resp.StatusCode
		}()
		time.Sleep(time.Second)
		require.Equal(t, http.StatusNotFound, call(l.proxy.Admin(tcp), "POST", "http://127.0.0.1/quitquitquit", nil).Code)
		require.Equal(t, http.StatusMethodNotAllowed, call(l.proxy.Admin(unix), "GET", "/quitquitquit", nil).Code)
		require.Equal(t, http.StatusForbidden, call(l.proxy.Admin(unix), "POST", "/quitquitquit", http.Header{"Sec-Fetch-Site": {"cross-site"}}).Code)
		require.Equal(t, http.StatusForbidden, call(l.proxy.Admin(unix), "POST", "/quitquitquit", http.Header{"Origin": {"https://evil.example"}}).Code)
		time.Sleep(time.Second)
		require.Equal(t, http.StatusOK, l.readyz())
		for range 3 {
			require.Equal(t, http.StatusOK, call(l.proxy.Admin(unix), "POST", "/quitquitquit", nil).Code)
		}
		synctest.Wait()
		require.Equal(t, http.StatusServiceUnavailable, l.readyz())
		require.NoError(t, <-l.ended)
		require.Equal(t, http.StatusOK, <-slow)
		l.stop()
	})
}

func TestX3_NoReloadWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, nil)
		l.websocket("main")
		l.stop()
		synctest.Wait()
		cfg := l.config
		cfg.Listeners = append([]proxy.Listener{l.listener("another")}, cfg.Listeners...)
		cfg.Clients = []proxy.Client{l.client("three")}
		require.ErrorContains(t, l.proxy.Reload(cfg), "ending")
		_, err := l.dial("another")
		require.True(t, errors.Is(err, context.Canceled) || err != nil)
		require.NoError(t, <-l.ended)
	})
}
