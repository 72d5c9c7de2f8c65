package sharing

import (
	"time"

	"github.com/alf-go/alf/store"
)

// clock is what is known of the store's time (D8). The process's own clock is not asked: only the time elapsed.
type clock struct {
	known bool
	// now is what the store's clock read at some time between at-took and at.
	now  store.Time
	at   Elapsed
	took time.Duration
}

// replied notes a reply.
func (c *clock) replied(now store.Time, sent, at Elapsed) {
	*c = clock{known: true, now: now, at: at, took: at - sent}
}

// pushed notes a push. It says no more than that the store's time is not earlier: it may have been on its way for any
// time. So how late it is at most remains what it was.
func (c *clock) pushed(now store.Time, at Elapsed) {
	if later := now - c.earliest(at); c.known && later > 0 {
		later = min(later, store.Time(c.took/time.Millisecond)+1)
		*c = clock{known: true, now: now, at: at, took: max(c.took-time.Duration(later)*time.Millisecond, 0)}
	}
}

// earliest is the store's time, or earlier by the time that an exchange takes.
func (c *clock) earliest(at Elapsed) store.Time {
	return c.now + store.Time((at-c.at)/time.Millisecond)
}

// left is how long it takes at least until the store's time is t.
func (c *clock) left(t store.Time, at Elapsed) time.Duration {
	return time.Duration(t-c.earliest(at))*time.Millisecond - c.took - time.Millisecond
}

// until is how long it takes at most.
func (c *clock) until(t store.Time, at Elapsed) time.Duration {
	return time.Duration(t-c.earliest(at)) * time.Millisecond
}
