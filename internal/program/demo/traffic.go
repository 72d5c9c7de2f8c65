package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/demo/server"
	"github.com/alf-go/alf/internal/program/demo/tally"
)

// traffic is the callers: goroutines that send requests through one client and count what becomes of them.
type traffic struct {
	client  *alf.Client
	url     string
	callers int
	every   time.Duration

	act          atomic.Pointer[scene] // which one it is now
	counting     sync.RWMutex          // held for writing while the act changes
	firstFailure atomic.Pointer[error]
	stop         chan struct{}
	stopped      sync.Once
	running      sync.WaitGroup

	requests, refused, failed atomic.Uint64 // of all acts
}

// scene is where a request that ends now is counted.
type scene struct {
	*tally.Tally
	refusals bool // a request that starts now may be refused
}

// enter has requests counted for another scene from now on. The counts of the one before are final when it returns.
func (t *traffic) enter(s *scene) {
	t.counting.Lock()
	defer t.counting.Unlock()
	t.act.Store(s)
}

// askAtOnce has every caller ask for a token at the same moment, and returns how long the last one waited.
func (t *traffic) askAtOnce(ctx context.Context) (longest time.Duration, err error) {
	var (
		waits    tally.Histogram
		failure  atomic.Pointer[error]
		finished sync.WaitGroup
		start    = make(chan struct{})
	)
	for range t.callers {
		finished.Go(func() {
			<-start
			began := time.Now()
			if _, err := t.client.Token(ctx); err != nil {
				failure.CompareAndSwap(nil, &err)
			}
			waits.Record(time.Since(began))
		})
	}
	close(start)
	finished.Wait()
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	return waits.Max(), nil
}

// start lets the callers send requests until halt.
func (t *traffic) start() {
	t.stop = make(chan struct{})
	for caller := range t.callers {
		t.running.Go(func() { t.call(caller) })
	}
}

// halt ends them once each has its response.
func (t *traffic) halt() {
	if t.stop != nil {
		t.stopped.Do(func() { close(t.stop) })
		t.running.Wait()
	}
}

// counts is how many requests there have been so far.
func (t *traffic) counts() (requests, refused, failed uint64) {
	return t.requests.Load(), t.refused.Load(), t.failed.Load()
}

// call sends requests at an even pace, jittered so that the callers neither start nor stay in step.
func (t *traffic) call(caller int) {
	timer := time.NewTimer(time.Duration(rand.Float64() * float64(t.every)))
	defer timer.Stop()
	for n := 0; ; n++ {
		select {
		case <-t.stop:
			return
		case <-timer.C:
		}
		next := time.Now().Add(time.Duration((0.5 + rand.Float64()) * float64(t.every)))
		t.send(strconv.Itoa(caller) + "-" + strconv.Itoa(n))
		timer.Reset(time.Until(next))
	}
}

// send makes one request, and counts it for the act in which it ends.
func (t *traffic) send(id string) {
	refusals := t.act.Load().refusals
	ctx, wait := withWait(context.Background())
	start := time.Now()
	retried, err := t.exchange(ctx, id, start)
	took := time.Since(start)
	var noToken *alf.TokenError
	t.counting.RLock()
	defer t.counting.RUnlock()
	act := t.act.Load()
	switch {
	case err == nil && retried:
		act.Retried.Record(took, *wait)
	case err == nil:
		act.Served.Record(took, *wait)
	case refusals && errors.As(err, &noToken):
		act.Refused.Record(took, *wait)
		t.refused.Add(1)
	default:
		t.firstFailure.CompareAndSwap(nil, &err)
		act.Failed.Add(1)
		t.failed.Add(1)
	}
	t.requests.Add(1)
}

// exchange reports whether the API had to be asked twice.
func (t *traffic) exchange(ctx context.Context, id string, start time.Time) (retried bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return false, err
	}
	req.Header.Set(server.RequestID, id)
	req.Header.Set(server.Started, strconv.FormatInt(start.UnixNano(), 10))
	resp, err := t.client.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return false, err
	}
	if resp.StatusCode != http.StatusOK {
		return false, fmt.Errorf("the API served %s", resp.Status)
	}
	return resp.Header.Get(server.Repeated) != "", nil
}
