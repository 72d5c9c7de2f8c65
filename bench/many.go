package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// tenantNames are made before anything is measured.
func tenantNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("tenant-%05d", i)
	}
	return names
}

// keepingMany compares what programs use that need a token for each of many tenants.
func keepingMany(b *bench) section {
	n := b.scaled(5000, 300)
	names := tenantNames(n)
	minutes := b.scaled(10, 2)
	s := section{
		title: "Many tenants, beside other caches",
		text: fmt.Sprintf("%s tenants with a client id and a token of %s bytes each, at one authorization server in memory; MSAL Go has one client id "+
			"and a partition for each tenant. The total is heap, stack and what the Go runtime keeps about both. Hot is 10 more calls for each "+
			"tenant. The outage is in virtual time, so the counts are exact: no tenant has a token, each asks every 5 s, and the endpoint, which takes "+
			"50 ms, responds with 503 for %d minutes.", count(n), count(tokenSize), minutes),
	}
	t := table{heads: []string{"", "total, each", "of it heap", "goroutines", "token requests: cold", "hot", "a hot call", "in the outage, a second", "until all are served"}}
	var perSecond float64
	var hotRequests int64
	for i, c := range tenantCaches {
		b.step(c.name)(i, len(tenantCaches))
		w, goroutines, cold, hot, each := weighTenants(c.start, names)
		rate, recovery := tenantsInOutage(b, c.start, names, time.Duration(minutes)*time.Minute)
		if i == 0 {
			perSecond, hotRequests = rate, hot
		}
		t.row(c.name, size(w.total), size(w.heap), count(goroutines), count(int(cold)), count(int(hot)), duration(each), fmt.Sprintf("%.2f", rate), duration(recovery))
	}
	s.tables = append(s.tables, t)
	s.check(hotRequests == 0, "no token request for a tenant whose token is in hand", count(int(hotRequests)))
	s.check(perSecond <= 1, "at most one token request a second in an outage", fmt.Sprintf("%.2f", perSecond))
	return s
}

// weighTenants has a token fetched for each tenant, and reads each of them again.
func weighTenants(start func(*memoryServer) tenantCache, names []string) (w weight, goroutines int, cold, hot int64, each time.Duration) {
	ctx := context.Background()
	server := new(memoryServer)
	before, already := takeStock(), runtime.NumGoroutine()
	c := start(server)
	defer c.close()
	read := func() {
		for _, name := range names {
			if value, err := c.token(ctx, name); err != nil || len(value) != tokenSize {
				panic(fmt.Sprintf("bench: %s: %d, %v", name, len(value), err))
			}
		}
	}
	read()
	w, goroutines = takeStock().since(before, len(names)), runtime.NumGoroutine()-already
	cold = server.requests.Load()
	const times = 10
	began := time.Now()
	for range times {
		read()
	}
	each = time.Since(began) / time.Duration(times*len(names))
	return w, goroutines, cold, server.requests.Load() - cold, each
}

// tenantsInOutage returns how many token requests a second an outage causes, and how long after it all are served.
func tenantsInOutage(b *bench, start func(*memoryServer) tenantCache, names []string, lasts time.Duration) (perSecond float64, recovery time.Duration) {
	inBubble(b.t, func() struct{} {
		server := &memoryServer{takes: 50 * time.Millisecond}
		server.down.Store(true)
		c := start(server)
		defer c.close()
		round := func() (failed int64) {
			var count atomic.Int64
			var group sync.WaitGroup
			for _, name := range names {
				time.Sleep(5 * time.Second / time.Duration(len(names)))
				group.Go(func() {
					if _, err := c.token(context.Background(), name); err != nil {
						count.Add(1)
					}
				})
			}
			group.Wait()
			return count.Load()
		}
		round() // until the outage is known
		began, before := time.Now(), server.requests.Load()
		for time.Since(began) < lasts {
			round()
		}
		perSecond = float64(server.requests.Load()-before) / time.Since(began).Seconds()
		server.down.Store(false)
		began = time.Now()
		for round() > 0 {
		}
		recovery = time.Since(began)
		return struct{}{}
	})
	return perSecond, recovery
}
