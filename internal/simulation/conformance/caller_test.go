package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/simulation/world"
	"github.com/alf-go/alf/manager"
)

// caller is a client of an API: it sends one request with the client.
type caller struct {
	*bubble
	arrived time.Duration

	mu       sync.Mutex
	sends    int
	refused  int  // of its sends, with a 401
	waiting  bool // for a token
	asked    time.Duration
	patience []*clock.Timer // the latest is that of the present wait
	leave    context.CancelCauseFunc
}

var errPatience = errors.New("the caller's patience is at its end")

type callerKey struct{}

// call is a caller's whole life.
func (b *bubble) call() {
	c := &caller{bubble: b, arrived: b.now()}
	ctx, leave := context.WithCancelCause(context.WithValue(context.Background(), callerKey{}, c))
	defer leave(nil)
	defer func() {
		if p := recover(); p != nil {
			b.panicked(p)
		}
	}()
	c.leave = leave
	apis := b.plan.APIs
	if b.plan.ManyAPIs {
		apis = 100
	}
	own := strconv.Itoa(int(c.arrived % time.Microsecond))
	path := 0
	if b.plan.Paths > 1 {
		path = b.draw.below(c.arrived, b.plan.Paths)
	}
	url := fmt.Sprintf("https://%s/%c/%s", apiHost(b.draw.below(c.arrived, apis)), 'a'+path, own)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		panic(err) // a bug of the tests
	}
	c.asks()
	resp, err := b.http.Do(req)
	c.forget()
	if err == nil {
		resp.Body.Close()
	}
	b.finished(c.outcome(resp, err), err)
}

// askLonger is a caller that wants a token which remains valid for a while (M20).
func (b *bubble) askLonger(min time.Duration) {
	c := &caller{bubble: b, arrived: b.now()}
	ctx, leave := context.WithCancelCause(context.Background())
	defer leave(nil)
	c.leave = leave
	c.asks()
	_, err := b.client.TokenValidFor(ctx, min)
	c.forget()
	if err != nil {
		b.finished(c.failed(err), err)
		return
	}
	b.finished(world.Succeeded, nil)
}

// asks is the beginning of a wait for a token, of which it is not known yet that it will be one.
func (c *caller) asks() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting, c.asked = true, c.now()
	if p := c.plan.Patience; p > 0 && c.asked < c.plan.Duration {
		c.patience = append(c.patience, c.clock.AfterFunc(c.draw.about(c.asked, p), c.despair))
	}
}

// sent is the end of a wait. Who was served at once never waited, and had no need for patience.
func (c *caller) sent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = false
	c.sends++
	if n := len(c.patience); n > 0 && c.asked == c.now() {
		c.patience[n-1].Stop()
	}
}

// despair is the end of a caller's patience. It does not matter to those who are not waiting for a token.
func (c *caller) despair() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting {
		c.waiting = false
		c.say("a caller gives up")
		c.leave(errPatience)
	}
}

func (c *caller) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = false
	for _, t := range c.patience {
		t.Stop()
	}
}

func (c *caller) outcome(resp *http.Response, err error) world.Outcome {
	switch {
	case err == nil && resp.StatusCode == http.StatusUnauthorized:
		return world.Unauthorized
	case err == nil && c.sends > 1:
		return world.RetrySucceeded
	case err == nil:
		return world.Succeeded
	}
	return c.failed(err)
}

// failed is how it ends for a caller that gets an error.
func (c *caller) failed(err error) world.Outcome {
	switch {
	case errors.Is(err, alf.ErrClosed):
		return world.Closed
	case errors.Is(err, errPatience):
		return world.Left
	case errors.Is(err, manager.ErrTooShort):
		c.say("tokens are too short")
	default:
		c.say("a caller is refused")
	}
	return world.Refused
}

// link is the way to the APIs. A caller's patience is with the token alone, so what is on its way is not called back.
type link struct{ base http.RoundTripper }

func (l link) RoundTrip(req *http.Request) (*http.Response, error) {
	c := req.Context().Value(callerKey{}).(*caller)
	c.sent()
	resp, err := l.base.RoundTrip(req.WithContext(context.WithoutCancel(req.Context())))
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		c.say("an API responds 401")
		if c.refused++; c.refused == 1 {
			c.asks()
		}
	}
	return resp, err
}
