package fleet

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/alf-go/alf"
)

// requestTime is how long an API request may take. What lasts longer is a failure.
const requestTime = 30 * time.Second

// callers send API requests.
type callers struct {
	client *alf.Client
	task   *Task
	out    *reporter

	stop    chan struct{} // closed: no more requests; nil: none are sent
	running sync.WaitGroup

	mu               sync.Mutex
	requests, failed uint64
	slowest          time.Duration
}

// send begins to send requests. Those under way are cut off when ctx ends, and do not count.
func (c *callers) send(ctx context.Context) {
	if c.stop != nil {
		return
	}
	c.stop = make(chan struct{})
	stop := c.stop
	c.running.Go(func() { c.call(ctx, stop) })
}

// rest returns when the last one has come to its end.
func (c *callers) rest() {
	if c.stop != nil {
		close(c.stop)
		c.stop = nil
	}
	c.running.Wait()
}

// call sends requests, jittered so that the processes do not stay in step, nor begin at the same moment.
func (c *callers) call(ctx context.Context, stop <-chan struct{}) {
	timer := time.NewTimer(time.Duration(rand.Float64() * float64(c.task.Every)))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-stop:
			return
		case <-timer.C:
		}
		c.one(ctx)
		timer.Reset(time.Duration((0.5 + rand.Float64()) * float64(c.task.Every)))
	}
}

func (c *callers) one(ctx context.Context) {
	c.mu.Lock()
	c.requests++
	id := c.task.Name + "-" + strconv.FormatUint(c.requests, 10)
	c.mu.Unlock()
	began := time.Now()
	err := c.exchange(ctx, id)
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	c.slowest = max(c.slowest, time.Since(began))
	if err != nil {
		c.failed++
	}
	c.mu.Unlock()
	if err != nil {
		c.out.send(Event{Kind: Failed, Request: id, Err: err.Error()})
	}
}

func (c *callers) exchange(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.task.API, nil)
	if err != nil {
		return err
	}
	req.Header.Set(nameHeader, c.task.Name)
	req.Header.Set(requestHeader, id)
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the API responded with %s", resp.Status)
	}
	return nil
}

func (c *callers) counts() *Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &Counts{Requests: c.requests, Failed: c.failed, Slowest: c.slowest}
}
