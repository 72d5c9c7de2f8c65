package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
)

func TestX3_AReloadKeepsTokensOfUnchangedClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, nil)
		defer l.end()
		c := l.caller("main")
		l.get(c, "/")
		cfg := l.config
		cfg.Clients = []proxy.Client{l.client("two"), l.client("one")}
		cfg.Routes = append([]proxy.Route{}, cfg.Routes...)
		cfg.Routes[0].Client = 1
		require.NoError(t, l.proxy.Reload(cfg))
		status, _ := l.get(c, "/")
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, 1, l.server.Stats().TokenRequests)
		cfg.Routes = append([]proxy.Route{}, cfg.Routes...)
		cfg.Routes[0].Client = 0
		require.NoError(t, l.proxy.Reload(cfg))
		l.get(c, "/")
		require.Equal(t, 2, l.server.Stats().TokenRequests, "that of the other client")
	})
}

func TestX3_AnInvalidReloadChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, nil)
		defer l.end()
		c := l.caller("main")
		l.get(c, "/")
		broken := map[string]func(*proxy.Config){
			"routes": func(cfg *proxy.Config) { cfg.Routes = append(cfg.Routes, cfg.Routes[0]) },
			"client": func(cfg *proxy.Config) {
				cfg.Clients = append(cfg.Clients, proxy.Client{Key: "no address", Config: alf.Config{}})
			},
			"listener main": func(cfg *proxy.Config) {
				cfg.Listeners = append(cfg.Listeners, l.listener("opened in vain"), proxy.Listener{Address: "unix:/no/such/directory/s"})
			},
		}
		for name, change := range broken {
			cfg := l.config
			cfg.Listeners = append([]proxy.Listener{}, cfg.Listeners...)
			cfg.Clients = append([]proxy.Client{}, cfg.Clients...)
			cfg.Routes = append([]proxy.Route{}, cfg.Routes...)
			change(&cfg)
			require.Error(t, l.proxy.Reload(cfg), name)
			status, _ := l.get(c, "/")
			require.Equal(t, http.StatusOK, status)
		}
		require.Equal(t, 1, l.server.Stats().TokenRequests)
		_, err := l.dial("opened in vain")
		require.Error(t, err)
		text := call(l.proxy.Admin(unix), "GET", "/metrics", nil).Body.String()
		require.Contains(t, text, `alf_proxy_reloads_total{outcome="failed"} 3`)
		require.Contains(t, text, `alf_proxy_last_reload_succeeded 0`)
		require.Contains(t, text, `alf_proxy_configurations 1`)
	})
}

func TestX3_RequestsInFlightEndWithTheConfigurationTheyBeganWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, nil)
		defer l.end()
		c := l.caller("main")
		done := make(chan string, 1)
		go func() {
			_, body := l.get(c, "/slow/20s")
			done <- body
		}()
		time.Sleep(time.Second)
		cfg := l.config
		cfg.Clients = []proxy.Client{l.client("two")}
		cfg.Routes = []proxy.Route{cfg.Routes[0]}
		cfg.Routes[0].Path = "/new"
		require.NoError(t, l.proxy.Reload(cfg))
		status, _ := l.get(c, "/slow/1s")
		require.Equal(t, http.StatusNotFound, status)
		status, _ = l.get(c, "/new")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, call(l.proxy.Admin(unix), "GET", "/metrics", nil).Body.String(), "alf_proxy_configurations 2")
		require.Equal(t, "slow", <-done)
		synctest.Wait()
		require.Contains(t, call(l.proxy.Admin(unix), "GET", "/metrics", nil).Body.String(), "alf_proxy_configurations 1")
	})
}

func TestX3_RemovedListenersDrainAndNewOnesServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, func(l *memoryLab) {
			l.config.Listeners = append(l.config.Listeners, l.listener("old"))
		})
		defer l.end()
		old := l.caller("old")
		l.get(old, "/")
		_, socket := l.websocket("old")
		stays, staysReader := l.websocket("main")
		slow := make(chan string, 1)
		go func() {
			_, body := l.get(old, "/slow/20s")
			slow <- body
		}()
		time.Sleep(time.Second)
		began := time.Now()
		cfg := l.config
		cfg.Listeners = []proxy.Listener{l.listener("new"), cfg.Listeners[0]}
		require.NoError(t, l.proxy.Reload(cfg))
		status, _ := l.get(l.caller("new"), "/")
		require.Equal(t, http.StatusOK, status)
		synctest.Wait() // the listener is closed by another goroutine
		_, err := l.dial("old")
		require.Error(t, err)
		_, err = socket.ReadByte()
		require.ErrorIs(t, err, io.EOF)
		require.InDelta(t, 10, time.Since(began).Seconds(), 0.1)
		require.Equal(t, "slow", <-slow)
		_, err = io.WriteString(stays, "still here\n")
		require.NoError(t, err)
		line, err := staysReader.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "still here\n", line)
		// The address may come back.
		require.NoError(t, l.proxy.Reload(l.config))
		status, _ = l.get(l.caller("old"), "/")
		require.Equal(t, http.StatusOK, status)
	})
}

// Hundreds of requests on many connections while the configuration changes 50 times: its clients, routes, and other
// listeners. On real sockets, whose connections could be reset.
func TestX3_NothingIsDroppedDuringReloads(t *testing.T) {
	l := newLab(t, http1, echo, nil)
	folder := t.TempDir()
	stop := make(chan struct{})
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 24 {
		c := l.caller(t, []protocol{http1, h2c}[i%2])
		wg.Go(func() {
			for n := 0; ; n++ {
				body := strings.Repeat("x", i*n%5000) + fmt.Sprintf("%d of %d", n, i)
				resp, err := c.Post(fmt.Sprintf("http://localhost/%d", n), "text/plain", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusOK || string(got) != body {
					t.Errorf("%d %q %v", resp.StatusCode, got, err)
				}
				select {
				case done <- struct{}{}:
				case <-stop:
					return
				}
			}
		})
	}
	for n := range 50 {
		for range 20 {
			<-done
		}
		cfg := l.config
		cfg.Clients = []proxy.Client{{Key: fmt.Sprint("client ", n/2), Config: cfg.Clients[0].Config}}
		cfg.Routes = []proxy.Route{l.config.Routes[0]}
		cfg.Routes[0].Route = routing.Route{Name: fmt.Sprint("route ", n), Headers: l.config.Routes[0].Headers}
		if n%3 > 0 {
			other := proxy.Listener{Address: fmt.Sprintf("unix:%s/%d", folder, n%3)}
			cfg.Listeners = append([]proxy.Listener{other}, cfg.Listeners...)
		}
		require.NoError(t, l.proxy.Reload(cfg))
	}
	close(stop)
	wg.Wait()
	require.LessOrEqual(t, l.server.Stats().TokenRequests, 26)
}
