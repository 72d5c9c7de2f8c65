package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// outcome is what a caller got.
type outcome struct {
	*request
	*arrivals
	status          int
	header, trailer http.Header
	body            string
	err             error
	ended           time.Time
}

// recovery is how long a backoff may last that begins at the end of an outage: 10 s (M9), and a request that ends it.
const recovery = 12 * time.Second

// longestOutage is how long the token endpoint may be down.
const longestOutage = 10 * time.Minute

// guarded is how long the guard of an API that rejected everything may suppress fetches (M13).
const guarded = 3 * time.Minute

// check decides whether what a caller got could be avoided. A request may fail only while its upstream fails it, or if
// no token can exist for it: none is usable, and the endpoint gives none.
func (w *world) check(o outcome) {
	w.mu.Lock()
	w.requests++
	w.mu.Unlock()
	w.upstreams.mu.Lock()
	tokens, served := o.tokens, o.served
	w.upstreams.mu.Unlock()
	if served > 1 {
		w.fail("C3", "request %s was carried out %d times", o.request, served)
	}
	kind := o.kind()
	if kind == "" {
		w.checkServed(&o, served)
		if len(tokens) == 2 {
			w.cover("a retry that succeeded: " + o.caller().name)
		}
		return
	}
	w.mu.Lock()
	w.failures[kind]++
	w.mu.Unlock()
	w.cover("failed: " + kind)
	trouble := func(kind string, after time.Duration) bool {
		return w.troubles.overlaps(kind, o.request.place.name, o.began, o.ended, after)
	}
	revoked := len(tokens) > 0
	for _, token := range tokens {
		revoked = revoked && token != nil && token.revokedBy(o.ended)
	}
	switch kind {
	case "401":
		switch {
		case trouble(rejecting, guarded):
		case revoked && (len(tokens) == 2 || o.caller().size > 64<<10): // between fetch and retry; C4
			w.cover(fmt.Sprintf("a 401 after %d sends", len(tokens)))
		case revoked && trouble(endpointDown, recovery): // M21: suppressed in a backoff
			w.cover("a 401 in an outage")
		default:
			w.fail("C3", "request %s got a 401 that a fetch would have avoided: %d sends, body %q", o.request, len(tokens), o.body)
		}
	case "no-token":
		switch {
		case trouble(rejecting, longestOutage+recovery) && trouble(endpointDown, time.Minute+recovery):
			// M21: the API rejected a good token, and nothing is sent there until the outage has ended and the backoff
			// of its last refresh has passed (M8).
			w.cover("contested in an outage")
		case !trouble(endpointDown, recovery):
			w.fail("M9", "request %s got no token, although the endpoint works: %d sends, %s%s%s", o.request, len(tokens), o.body,
				w.record.describe(o.request.place.target(), o.began, o.ended), w.troubles.describe(o.began.Add(-15*time.Minute), o.ended))
		case w.record.hadToken(w.poolsOf(o.request), o.request.place.target(), o.began, o.ended):
			w.fail("M8", "request %s got no token, although there was a usable one: %d sends, %s %s %s%s", o.request, len(tokens), o.body, o.header.Get("Grpc-Message"), w.record.describe(o.request.place.target(), o.began, o.ended), w.troubles.describe(o.began.Add(-15*time.Minute), o.ended))
		}
		if o.status == http.StatusServiceUnavailable && o.header.Get("Retry-After") != "" {
			w.cover("a Retry-After")
		}
	case "upstream 502", "upstream broken":
		if !trouble(upstreamDown, 0) {
			w.fail("X1", "request %s got %s, although its upstream works", o.request, kind)
		}
	case "upstream 504":
		if !trouble(upstreamSlow, 0) {
			w.fail("X1", "request %s got %s, although its upstream works", o.request, kind)
		}
	case "aborted":
		if !w.cutOff(&o) {
			w.fail("X3", "request %s failed: %v", o.request, o.err)
		}
	default:
		w.fail("X1", "request %s failed: %s, %q", o.request, kind, o.body)
	}
}

func (o *outcome) caller() *caller { return o.request.caller }

// kind is what went wrong; "" if nothing did.
func (o *outcome) kind() string {
	reason := o.header.Get("Alf-Error")
	grpc := o.header.Get("Grpc-Status")
	switch {
	case o.err != nil:
		return "aborted"
	case reason == "no-token":
		return "no-token"
	case reason == "upstream" && (o.status == http.StatusGatewayTimeout):
		return "upstream 504"
	case reason == "upstream" && (o.status == http.StatusBadGateway || grpc == "14"):
		return "upstream 502"
	case reason != "":
		return reason
	case o.status == http.StatusServiceUnavailable && o.header.Get("X-Upstream") == "broken":
		return "upstream broken"
	case o.status == http.StatusUnauthorized, grpc == "16":
		return "401"
	case o.status != http.StatusOK:
		return fmt.Sprint("status ", o.status)
	}
	return ""
}

// checkServed holds a response of the API against what was asked for.
func (w *world) checkServed(o *outcome, served int) {
	switch {
	case served != 1:
		w.fail("X1", "request %s got a response of the API and was carried out %d times", o.request, served)
	case read(o) != o.caller().size:
		w.fail("X1", "of request %s the API has read %d bytes", o.request, read(o))
	case o.request.place.grpc && o.trailer.Get("Grpc-Status") != "0":
		w.fail("X1", "request %s got the trailer %v", o.request, o.trailer)
	case !o.request.place.grpc && o.body != o.id:
		w.fail("X1", "request %s got the body %q", o.request, o.body)
	case (o.header.Get("Set-Cookie") != "") != (o.request.place.name == "pay"):
		w.fail("X2", "request %s got the cookie %q", o.request, o.header.Get("Set-Cookie"))
	}
	for name, values := range o.header {
		if strings.Contains(strings.Join(values, " "), "sim-") {
			w.fail("X2", "the header %s of a response has a token", name)
		}
	}
	if w.troubles.overlaps(proxyDraining, "", o.began, o.ended, 0) {
		w.cover("served over a restart")
	}
	if w.troubles.overlaps(endpointDown, "", o.ended, o.ended, 0) {
		w.cover("served in an outage")
	}
	if wait := o.ended.Sub(o.began); wait > w.latency && o.caller().slowness == 0 {
		w.cover("a wait for a token")
	}
}

// cutOff reports whether a request was aborted because it took longer than draining may.
func (w *world) cutOff(o *outcome) (cut bool) {
	w.troubles.each(proxyDraining, o.began, o.ended, func(one window) {
		cut = cut || !o.ended.Before(one.from.Add(drainTime))
	})
	return cut
}

// poolsOf are the pools that a request may have had its token from.
func (w *world) poolsOf(r *request) (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	prefix := fmt.Sprintf("client %d,", r.place.client)
	for name, span := range w.spans {
		if strings.HasPrefix(name, prefix) && (span[1].IsZero() || !span[1].Before(r.began)) {
			names = append(names, name)
		}
	}
	return names
}

// checkTokenRequests holds how many there were against what M4, M8, M9, M13 and E2 allow.
func (w *world) checkTokenRequests() {
	usable := w.lifetime - margin(w.lifetime)
	// 0.75 of the usable life, less a tenth, and less what is rounded.
	least := time.Duration(0.64 * float64(usable))
	for f, n := range w.record.requests {
		span := w.spans[f.pool]
		to := span[1]
		if to.IsZero() {
			to = time.Now()
		}
		from := w.record.first[f]
		allowed := 1 + int(to.Sub(from)/least)
		allowed += w.record.revocationsOf(from, to)
		for _, kind := range []string{rejecting, endpointDown} {
			w.troubles.each(kind, from, to, func(one window) {
				d := one.to.Sub(one.from) + recovery
				if kind == rejecting {
					allowed += 9 + int((d+guarded)/time.Minute)
				} else {
					allowed += 3 * (6 + int(d/(5*time.Second)))
				}
			})
		}
		if n > allowed {
			w.fail("M4", "%d token requests for %v within %v, where %d are enough", n, f, to.Sub(from), allowed)
		}
	}
}
