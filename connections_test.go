package alf_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// connections counts a server's, by the state they are in.
type connections struct {
	mu     sync.Mutex
	opened int
	open   map[net.Conn]bool
	change chan struct{}
}

func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.opened++
		c.open[conn] = true
	case http.StateClosed:
		delete(c.open, conn)
		select {
		case c.change <- struct{}{}:
		default:
		}
	}
}

func (c *connections) counts() (opened, open int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened, len(c.open)
}

func TestS12_ManyGoroutinesReuseTheirConnectionsAndCloseLeavesNone(t *testing.T) {
	const callers = 50
	auth := startAuth(t)
	counted := &connections{open: map[net.Conn]bool{}, change: make(chan struct{}, 1)}
	var together sync.WaitGroup // all callers are in flight at once
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		together.Done()
		together.Wait()
		_, _ = io.WriteString(w, "ok")
	}))
	server.Config.ConnState = counted.note
	server.Start()
	t.Cleanup(server.Close)
	client := newClient(t, alf.Config{TokenURL: auth.URL, ClientID: "id", ClientSecret: alf.Secret("secret")})

	for range 3 {
		together.Add(callers)
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				resp, err := client.Get(server.URL)
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	opened, _ := counted.counts()
	require.Less(t, opened, 2*callers, "150 requests, 50 at a time")

	require.NoError(t, client.Close())
	for {
		if _, open := counted.counts(); open == 0 {
			return
		}
		<-counted.change
	}
}
