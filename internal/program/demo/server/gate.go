package server

import (
	"context"
	"net/http"
	"sync/atomic"
)

// gate holds requests until it is opened, so that as many as wanted are in flight at one moment.
type gate struct {
	missing atomic.Int64
	full    chan struct{}
	open    chan struct{}
}

// Hold makes every request wait from now on, and returns a channel that is closed once n do.
func (a *API) Hold(n int) (full <-chan struct{}) {
	g := &gate{full: make(chan struct{}), open: make(chan struct{})}
	g.missing.Store(int64(n))
	a.gate.Store(g)
	return g.full
}

// Release lets all requests go on that Hold made wait.
func (a *API) Release() {
	if g := a.gate.Swap(nil); g != nil {
		close(g.open)
	}
}

// pass reports whether the request is still wanted when the gate opens.
func (g *gate) pass(ctx context.Context) bool {
	if g.missing.Add(-1) == 0 {
		close(g.full)
	}
	select {
	case <-g.open:
		return true
	case <-ctx.Done():
		return false
	}
}

const readyPath = "/ready"

// ReadyURL is an address that needs no token and counts nothing. A client that has requested it has a connection.
func (a *API) ReadyURL() string { return a.url + readyPath }

func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	if g := a.gate.Load(); g == nil || g.pass(r.Context()) {
		w.WriteHeader(http.StatusNoContent)
	}
}
