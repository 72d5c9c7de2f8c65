package sharing

import (
	"time"

	"github.com/alf-go/alf/store"
)

// What follows is for the scripts of [RunWith], which plan it with At and After.

// Stop stops a process for a while.
func (w *World) Stop(i int, d time.Duration) { w.processes[i].stop(d) }

// Kill lets a process die, without another one in its place.
func (w *World) Kill(i int) { w.processes[i].dead = true }

// Revoke revokes all tokens.
func (w *World) Revoke() { w.endpoint.revoke() }

// EndpointDown lets the token endpoint fail, or work again.
func (w *World) EndpointDown(down bool) {
	w.endpoint.down, w.endpoint.wasDown = down, w.endpoint.wasDown || down
}

// StoreDown lets the store fail, or work again.
func (w *World) StoreDown(down bool) { w.store.down = down }

// Flush empties the store.
func (w *World) Flush() { w.store.state = store.State{} }

// Fetching returns the process that fetches; -1 if there is none.
func (w *World) Fetching() int {
	for i, p := range w.processes {
		if p.flight.on {
			return i
		}
	}
	return -1
}
