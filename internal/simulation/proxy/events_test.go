package proxy_test

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
)

// event is something that happens to the world.
type event struct {
	at      time.Time
	do      func()
	restart bool
}

// script draws everything that will happen, in order.
func (w *world) script() (script []event) {
	r := w.random(1)
	draw := func(average time.Duration, e func() event) {
		if average == 0 {
			return
		}
		for at := w.begun; ; {
			at = at.Add(time.Minute + time.Duration(r.ExpFloat64()*float64(average)))
			if at.After(w.begun.Add(w.duration - 10*time.Minute)) {
				return
			}
			one := e()
			one.at = at
			script = append(script, one)
		}
	}
	do := func(f func()) event { return event{do: f} }
	upTo := func(d time.Duration) time.Duration { return time.Second + time.Duration(r.Int64N(int64(d))) }
	draw(w.revocations, func() event {
		switch r.IntN(4) {
		case 0:
			return do(w.revokeLast)
		case 1: // and again, while the successor is fetched or has just come
			gap := time.Duration(r.Int64N(int64(2 * time.Second)))
			return do(func() { w.revokeAll(); time.Sleep(gap); w.revokeAll(); w.cover("revoked twice") })
		}
		return do(w.revokeAll)
	})
	draw(w.outages, func() event {
		d := upTo(longestOutage - time.Second)
		if r.IntN(2) == 0 {
			d = upTo(20 * time.Second)
		}
		kind := r.IntN(4)
		return do(func() { w.outage(kind, d) })
	})
	draw(w.upstreamFaults, func() event {
		p, d := w.places[r.IntN(len(w.places))], upTo(30*time.Second)
		kind := upstreamDown
		if p.patience > 0 {
			kind, d = upstreamSlow, 6*d
		}
		return do(func() { w.troubles.add(kind, p.name, time.Now(), d); w.cover(kind) })
	})
	draw(w.rejections, func() event {
		d := upTo(5 * time.Minute)
		return do(func() { w.reject(d) })
	})
	draw(w.reloads, func() event {
		kind := r.IntN(5)
		return do(func() { w.reload(kind) })
	})
	draw(w.restarts, func() event { return event{restart: true} })
	draw(time.Hour, func() event { return do(w.look) })
	for at := w.weighings; at > 0 && at < w.duration; at += w.weighings {
		script = append(script, event{at: w.begun.Add(at), do: w.weigh})
	}
	slices.SortStableFunc(script, func(a, b event) int { return a.at.Compare(b.at) })
	return script
}

func (w *world) revokeAll() {
	w.server.Revoke()
	w.record.revoke(time.Now(), func(string) bool { return true })
}

// revokeLast revokes the token that was issued last.
func (w *world) revokeLast() {
	w.server.RevokeLast()
	last, _ := w.record.last()
	w.record.revoke(time.Now(), func(value string) bool { return value == last })
}

// outage is one of the token endpoint.
func (w *world) outage(kind int, d time.Duration) {
	now := time.Now()
	w.troubles.add(endpointDown, "", now, d)
	switch kind {
	case 0:
		w.server.GoDown(d)
		w.cover("outage: no connection")
	case 1:
		w.server.Unavailable(d)
		w.cover("outage: 503")
	case 2:
		w.server.Hang(d)
		w.cover("outage: no response")
	case 3:
		w.server.Hold(d)
		w.cover("outage: 429")
	}
}

// reject has all APIs reject every token.
func (w *world) reject(d time.Duration) {
	w.troubles.add(rejecting, "", time.Now(), d)
	w.server.RejectAll(true)
	w.callers.Go(func() {
		time.Sleep(d)
		w.server.RejectAll(false)
	})
	w.cover("APIs reject every token")
}

// reload replaces the configuration, in one of several ways.
func (w *world) reload(kind int) {
	before, former := w.config, w.poolNames()
	requests := w.record.count()
	switch kind {
	case 0:
		w.cover("reload: nothing has changed")
	case 1, 2:
		client := kind - 1
		w.uploadOver("reload", client)
		former, requests = w.poolNames(), w.record.count()
		w.configureClient(client)
		w.cover("reload: another secret")
	case 3:
		if len(w.config.Listeners) == 2 {
			w.config.Listeners = append(slices.Clone(w.config.Listeners), proxy.Listener{Address: extra, Open: w.network.open(extra)})
			w.cover("reload: one more listener")
		} else {
			w.config.Listeners = w.config.Listeners[:2]
			w.cover("reload: one listener less")
		}
	case 4:
		w.config.Routes = append(slices.Clone(w.config.Routes), proxy.Route{Route: routing.Route{Name: "twice", Path: "/orders"}, Upstream: urlOf("https://orders.example")})
		if err := w.proxy.Reload(w.config); err == nil {
			w.fail("X3", "an invalid configuration was adopted")
		}
		w.config = before
		w.cover("reload: invalid")
		return
	}
	if err := w.proxy.Reload(w.config); err != nil {
		w.fail("X3", "reload: %v", err)
	}
	if n := w.record.count(); kind != 1 && kind != 2 && n != requests {
		w.fail("X3", "a reload made %d token requests", n-requests)
	}
	w.checkKept()
	for _, name := range former {
		if !slices.Contains(w.poolNames(), name) {
			w.close(name)
		}
	}
}

// checkKept makes a request that needs no other token than the one that there was before a reload.
func (w *world) checkKept() {
	now := time.Now()
	orders := &w.places[0]
	f := fund{w.config.Clients[orders.client].Key, orders.target()}
	trouble := w.troubles.overlaps(endpointDown, "", now, now, longestOutage) || w.troubles.overlaps(rejecting, "", now, now, longestOutage)
	requests, young := w.record.young(f, now)
	if !young || trouble {
		return
	}
	c := caller{name: "reader after a reload", place: orders.name, method: "GET", listener: open}
	own := w.network.client(open, false, false)
	defer own.CloseIdleConnections()
	c.call(w, own, "after a reload, "+clock(now))
	if after, _ := w.record.young(f, now); after != requests {
		w.fail("X3", "a reload has lost the token of %v", f)
	}
	w.cover("a token kept over a reload")
}

// uploadOver begins an upload that will need another token after the reload or restart that follows, from the pool that
// it began with.
func (w *world) uploadOver(event string, client int) {
	c := caller{
		name: "upload over a " + event, place: []string{"files", "pay"}[client], method: "PUT", listener: keyed, size: 40 << 10, slowness: 8 * time.Second,
	}
	id := fmt.Sprintf("%s %d", c.name, w.versions)
	w.callers.Go(func() {
		own := w.network.client(keyed, false, false)
		defer own.CloseIdleConnections()
		c.call(w, own, id)
	})
	time.Sleep(4 * time.Second)
	w.revokeAll()
	w.cover("an upload over a " + event)
}

// restart ends the proxy while an upload needs several seconds more, and starts it again.
func (w *world) restart(stop func()) func() {
	w.uploadOver("restart", w.versions%2)
	stop()
	w.cover("restart")
	w.configureClient(0)
	w.configureClient(1)
	return w.start()
}

// look counts the goroutines, at a time when little is under way.
func (w *world) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.most = append(w.most, runtime.NumGoroutine())
}
