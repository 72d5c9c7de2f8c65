package proxy_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"time"
)

// memory is what was in use at several moments of a world, each with nothing under way.
type memory []weight

// weight is the memory in use at one moment, and how many requests there had been by then.
type weight struct {
	requests int
	live     int64 // bytes of the heap that were reached by a collection
}

// third is the median of one third of the moments: 0, 1, 2.
func (m memory) third(n int) weight {
	part := slices.Clone(m[len(m)*n/3 : len(m)*(n+1)/3])
	middle := part[len(part)/2]
	slices.SortFunc(part, func(a, b weight) int { return cmp.Compare(a.live, b.live) })
	middle.live = part[len(part)/2].live
	return middle
}

// weigh waits for a moment with no request under way, and notes the memory in use.
func (w *world) weigh() {
	for w.underWay.Load() > 0 {
		time.Sleep(time.Second)
	}
	one := weight{live: live()}
	w.mu.Lock()
	defer w.mu.Unlock()
	one.requests = w.requests
	w.memory = append(w.memory, one)
}

// endpoint is the token endpoint. Package sim remembers every request; where memory is weighed, nothing else may.
func (w *world) endpoint() http.RoundTripper {
	if w.weighings == 0 {
		return w.server.RoundTripper()
	}
	return forgetful{w}
}

// forgetful is an authorization server that remembers no token.
type forgetful struct{ *world }

func (f forgetful) RoundTrip(req *http.Request) (*http.Response, error) {
	closeBody(req)
	time.Sleep(f.latency)
	now := time.Now()
	if f.troubles.overlaps(endpointDown, "", now, now, 0) {
		return nil, syscall.ECONNREFUSED
	}
	resp := broken(req, http.StatusOK)
	resp.Header = http.Header{"Content-Type": {"application/json"}}
	resp.Body = io.NopCloser(strings.NewReader(fmt.Sprintf(
		`{"access_token": "token-%d", "token_type": "Bearer", "expires_in": %d}`, f.issued.Add(1), int(f.lifetime.Seconds()))))
	return resp, nil
}

// serve is the API behind that: the record of the world knows which tokens are good.
func (f forgetful) serve(token *issued, req *http.Request) (*http.Response, error) {
	in, now := received(req), time.Now()
	f.record.mu.Lock()
	rejected := token.revokedBy(now)
	f.record.mu.Unlock()
	if !rejected && !f.troubles.overlaps(rejecting, "", now, now, 0) {
		return respond(req, in), nil
	}
	_, err := io.Copy(io.Discard, in.Body)
	return broken(req, http.StatusUnauthorized), err
}

// live is the size of the heap that a collection leaves. The first one moves what pools of objects keep to where the
// second one finds it unused.
func live() int64 {
	for range 2 {
		runtime.GC()
	}
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
