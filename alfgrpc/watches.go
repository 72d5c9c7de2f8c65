package alfgrpc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/alf-go/alf"
)

// watches notices that a server refuses the token of client-side health checks (gRFC A17). They are made beneath the
// interceptors, and their status is reported to no option; while they fail, the channel makes no calls. So a revoked
// token would keep the channel unavailable until it expires, without any call that could have it replaced.
//
// What the credentials see is that a check is made again: a check lasts as long as its connection, and one that ended
// without a message is made again after 1 s, then after 1.6 times that, and so on. So a check that is made again,
// within 30 s, on the same connection, with the same token, counts as a refusal of the token. If it ended for another
// reason, that costs what rule M13 allows, which is little. Once a call is made on the connection, the check was
// accepted.
type watches struct {
	unreported atomic.Int32 // checks that were made again and whose outcome was not reported

	mu     sync.Mutex
	latest map[connection]*watch
}

// connection is one connection, by its two ends.
type connection struct{ local, remote string }

// watch is the latest health check of a connection.
type watch struct {
	attempt
	retry bool // it has the successor of a refused token, and its outcome was not reported
	asked time.Time
}

const (
	watchMethod = "/grpc.health.v1.Health/Watch"
	// watchAgain is within which time a health check counts as made again. gRPC's waits are shorter at the first six.
	watchAgain = 30 * time.Second
)

// ask notes an attempt that belongs to no call, and replaces its token if it is a health check that is made again.
func (w *watches) ask(ctx context.Context, a *attempt) error {
	info, _ := credentials.RequestInfoFromContext(ctx)
	conn, ok := connectionOf(ctx)
	if info.Method != watchMethod || !ok {
		return nil
	}
	now := time.Now()
	before := w.take(conn)
	next := &watch{attempt: *a, asked: now}
	if before != nil && before.token.Same(a.token) && now.Sub(before.asked) < watchAgain {
		if before.retry {
			before.report(false)
		}
		a.client.ReportOutcome(alf.Outcome{Token: a.token, Origin: a.target(watchMethod)})
		tok, err := a.client.Replace(ctx, a.token, a.target(watchMethod))
		switch {
		case errors.Is(err, alf.ErrSuppressed), err == nil && tok.Same(a.token): // the token is sent again
		case err != nil:
			return err
		default:
			a.token, next.token = tok, tok
			next.retry, next.sent = true, a.client.Now()
		}
	}
	w.put(conn, next)
	return nil
}

// connected says that a call is made on the connection of ctx: its health check was accepted.
func (w *watches) connected(ctx context.Context) {
	if w == nil || w.unreported.Load() == 0 {
		return
	}
	conn, _ := connectionOf(ctx)
	w.mu.Lock()
	latest := w.latest[conn]
	found := latest != nil && latest.retry
	if found {
		latest.retry = false
		w.unreported.Add(-1)
	}
	w.mu.Unlock()
	if found {
		latest.report(true)
	}
}

// report reports the outcome of a health check that was made again.
func (w *watch) report(accepted bool) {
	w.client.ReportOutcome(alf.Outcome{
		Token: w.token, Origin: w.target(watchMethod), Retry: true, Accepted: accepted, Sent: w.sent,
	})
}

// take removes what is known of a connection.
func (w *watches) take(conn connection) *watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.remove(conn)
}

func (w *watches) remove(conn connection) *watch {
	latest := w.latest[conn]
	if latest != nil && latest.retry {
		w.unreported.Add(-1)
	}
	delete(w.latest, conn)
	return latest
}

// put replaces what is known of a connection, and forgets those whose time has passed.
func (w *watches) put(conn connection, latest *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latest == nil {
		w.latest = make(map[connection]*watch)
	}
	for other, o := range w.latest {
		if latest.asked.Sub(o.asked) >= watchAgain {
			w.remove(other)
		}
	}
	w.latest[conn] = latest
	if latest.retry {
		w.unreported.Add(1)
	}
}

func connectionOf(ctx context.Context) (connection, bool) {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil || p.LocalAddr == nil {
		return connection{}, false
	}
	return connection{p.LocalAddr.String(), p.Addr.String()}, true
}
