package processes

import (
	"context"
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
)

// callers are the goroutines of a process that send requests and count what becomes of them.
type callers struct {
	client *alf.Client
	task   *task

	requests, failed atomic.Uint64
	firstFailure     atomic.Pointer[error]
}

// run lets them send requests until ctx ends.
func (c *callers) run(ctx context.Context) {
	var running sync.WaitGroup
	for caller := range c.task.Callers {
		running.Go(func() { c.call(ctx, c.task.Name+"-"+strconv.Itoa(caller)+"-") })
	}
	running.Wait()
}

// call sends requests at an even pace, jittered so that the callers do not stay in step.
func (c *callers) call(ctx context.Context, name string) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		next := time.Now().Add(time.Duration((0.5 + rand.Float64()) * float64(c.task.Every)))
		err := c.exchange(ctx, name+strconv.Itoa(n))
		if ctx.Err() != nil {
			return // the request was cut off by the end of the demonstration
		}
		if err != nil {
			c.firstFailure.CompareAndSwap(nil, &err)
			c.failed.Add(1)
		}
		c.requests.Add(1)
		timer.Reset(time.Until(next))
	}
}

func (c *callers) exchange(ctx context.Context, id string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.task.API, nil)
	if err != nil {
		return err
	}
	req.Header.Set(server.RequestID, id)
	req.Header.Set(server.Started, strconv.FormatInt(time.Now().UnixNano(), 10))
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the API served %s", resp.Status)
	}
	return nil
}

// counts is what they have counted until now.
func (c *callers) counts() *counts {
	// Failures first: no request can be among them that is not among the requests.
	n := &counts{Failed: c.failed.Load()}
	n.Requests = c.requests.Load()
	if err := c.firstFailure.Load(); err != nil {
		n.FirstFailure = (*err).Error()
	}
	if sharing := c.client.Stats().Sharing; sharing != nil {
		n.Alone = sharing.Alone
	}
	return n
}
