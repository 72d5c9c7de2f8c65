package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// servers are an authorization server and the API that it protects, on one socket.
type servers struct{ kit *sim.Server }

func startServers() (*servers, error) {
	kit := sim.New(sim.Options{Lifetime: 8 * time.Second, Latency: 20 * time.Millisecond})
	if err := kit.Start(); err != nil {
		return nil, err
	}
	return &servers{kit}, nil
}

func (s *servers) close() { s.kit.Close() }

const (
	// callers send requests at the same time, one after the other.
	callers = 50
	// An outage begins after calm, and lasts longer than the tokens, so that requests have to fail in it. After it, the
	// longest backoff may have to pass.
	calm   = 4 * time.Second
	outage = 12 * time.Second
	after  = 14 * time.Second
)

// phase is what was counted in a part of the demonstration.
type phase struct {
	name             string
	sent, ok, failed atomic.Int64
}

// demonstrate sends requests for random tenants, stops the token endpoint for a while, and reports.
func demonstrate(ctx context.Context, base string, kit *sim.Server, pool *alf.Pool) error {
	phases := []*phase{{name: "healthy"}, {name: "outage"}, {name: "recovered"}}
	var current atomic.Pointer[phase]
	current.Store(phases[0])
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
	defer client.CloseIdleConnections()
	for range callers {
		all.Go(func() {
			for ctx.Err() == nil {
				send(ctx, client, fmt.Sprintf("%s/t%d/items", base, rand.IntN(1000)), current.Load())
				rest(ctx, 5*time.Millisecond)
			}
		})
	}
	var requests [3]int
	for i, length := range []time.Duration{calm, outage, after} {
		current.Store(phases[i])
		if i == 1 {
			kit.GoDown(outage)
		}
		before := kit.Stats().TokenRequests
		rest(ctx, length)
		requests[i] = kit.Stats().TokenRequests - before
	}
	stop()
	all.Wait()
	fmt.Printf("%-10s %10s %10s %10s %16s\n", "", "requests", "ok", "failed", "token requests")
	for i, p := range phases {
		fmt.Printf("%-10s %10d %10d %10d %16d\n", p.name, p.sent.Load(), p.ok.Load(), p.failed.Load(), requests[i])
	}
	fmt.Printf("%d tokens of 1,000 tenants\n", pool.Stats().Tokens)
	return nil
}

// send makes one request and counts it.
func send(ctx context.Context, client *http.Client, address string, p *phase) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return
	}
	resp, err := client.Do(req)
	if ctx.Err() != nil {
		return
	}
	p.sent.Add(1)
	if err != nil {
		p.failed.Add(1)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		p.ok.Add(1)
	} else {
		p.failed.Add(1)
	}
}

// rest waits, until ctx ends at the latest.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
