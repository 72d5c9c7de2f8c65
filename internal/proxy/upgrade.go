package proxy

import (
	"context"
	"sync"
)

// upgrades are the requests of a listener that have become connections of another protocol, or may: net/http leaves
// those to themselves when it shuts down.
type upgrades struct {
	mu     sync.Mutex
	cancel map[*upgrade]struct{}
	closed bool
	none   func() // to be called when there are none
}

type upgrade struct{ cancel context.CancelFunc }

// add registers a request. Its context ends when upgraded connections are closed; done has to be called when it has
// ended.
func (u *upgrades) add(ctx context.Context) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	one := &upgrade{cancel}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		cancel()
	}
	if u.cancel == nil {
		u.cancel = make(map[*upgrade]struct{})
	}
	u.cancel[one] = struct{}{}
	return ctx, func() {
		cancel()
		u.mu.Lock()
		delete(u.cancel, one)
		none := u.none
		empty := len(u.cancel) == 0
		u.mu.Unlock()
		if empty && none != nil {
			none()
		}
	}
}

// close closes them, and those that come later at once.
func (u *upgrades) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	for one := range u.cancel {
		one.cancel()
	}
}

// whenNone has f called when there are none, which may be now, and may be more than once.
func (u *upgrades) whenNone(f func()) {
	u.mu.Lock()
	u.none = f
	empty := len(u.cancel) == 0
	u.mu.Unlock()
	if empty {
		f()
	}
}
