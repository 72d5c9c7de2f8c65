package proxy

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/core/routing"
)

// wrongCaller is the reason of a refusal for the lack of the caller's secret.
const wrongCaller = "caller"

// refusalReasons are the reasons why a request is not admitted. There are no others.
var refusalReasons = [...]string{
	string(routing.Ambiguous), string(routing.Browser), string(routing.UnlistedHost), string(routing.Authorization),
	string(routing.Method), string(routing.NoRoute), string(routing.Expectation), string(routing.Upgrade), wrongCaller, "other",
}

// refusals counts requests by the reason for which they were refused.
type refusals [len(refusalReasons)]atomic.Uint64

func (r *refusals) count(reason string) { r[indexOf(refusalReasons[:], reason)].Add(1) }

// failureReasons are those of the proxy's own responses to requests that were admitted.
var failureReasons = [...]string{noToken, "upstream", "refused", "draining", "other"}

// indexOf returns the last index, which is that of all others, for what is not in the list.
func indexOf(list []string, name string) int {
	for i, other := range list {
		if other == name {
			return i
		}
	}
	return len(list) - 1
}

// bounds are the upper bounds of the histogram's buckets: from what a loopback takes to what callers give up at.
var bounds = [...]time.Duration{
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second,
	2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 30 * time.Second,
}

// statusClasses are the first digits of a status; "none" is that of a request without a response, because its caller
// has gone or its connection was closed.
var statusClasses = [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

// routeCounters are those of one route. A request costs three additions.
type routeCounters struct {
	classes  [len(statusClasses)]atomic.Uint64
	failures [len(failureReasons)]atomic.Uint64
	// buckets are not cumulative: the last one is of what takes longer. Connections of other protocols are in none,
	// because they last as long as the caller likes.
	buckets [len(bounds) + 1]atomic.Uint64
	sum     atomic.Int64 // nanoseconds
}

func (c *routeCounters) count(status int, took time.Duration) {
	class := status / 100
	if class >= len(statusClasses) {
		class = 0
	}
	c.classes[class].Add(1)
	if status == http.StatusSwitchingProtocols {
		return
	}
	i := 0
	for i < len(bounds) && took > bounds[i] {
		i++
	}
	c.buckets[i].Add(1)
	c.sum.Add(int64(took))
}

// total is how many requests have ended.
func (c *routeCounters) total() (n uint64) {
	for i := range c.classes {
		n += c.classes[i].Load()
	}
	return n
}

// count counts a request that has ended.
func (p *Proxy) count(out *writer, took time.Duration) {
	if out.switched {
		p.upgraded.Add(-1)
	}
	if out.route == nil {
		if out.problem != nil {
			p.refused.count(out.problem.reason)
			p.troubles.add("", out.problem)
		}
		return
	}
	if out.problem != nil {
		out.route.counters.failures[indexOf(failureReasons[:], out.problem.reason)].Add(1)
		p.troubles.add(out.route.Name, out.problem)
	}
	out.route.counters.count(out.status, took)
}

// head is called when the head of the upstream's response is here.
func (w *writer) head(status int) {
	if status == http.StatusSwitchingProtocols && w.upgraded != nil {
		w.status, w.switched = status, true // httputil.ReverseProxy writes it to the connection itself
		w.upgraded.Add(1)
	}
	if w.timing != nil {
		w.timing.responded = time.Now()
	}
}

// trouble is a response of the proxy's own.
type trouble struct {
	At     time.Time `json:"time"`
	Route  string    `json:"route,omitempty"`
	Status int       `json:"status"`
	Reason string    `json:"reason"`
	Detail string    `json:"detail"`
	Times  int       `json:"times"` // that it came, one after the other
}

// troubles are the last ones, for the status page. They are added while something is wrong, so that a lock is cheap
// enough.
type troubles struct {
	mu   sync.Mutex
	last []trouble
}

const maxTroubles = 20

func (t *troubles) add(route string, p *problem) {
	detail := p.detail
	if p.cause != "" {
		detail += ": " + p.cause
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.last); n > 0 {
		// The same again must not push out all others.
		if l := &t.last[n-1]; l.Route == route && l.Status == p.status && l.Reason == p.reason {
			l.At, l.Detail = time.Now(), detail
			l.Times++
			return
		}
	}
	if len(t.last) == maxTroubles {
		t.last = append(t.last[:0], t.last[1:]...)
	}
	t.last = append(t.last, trouble{time.Now(), route, p.status, p.reason, detail, 1})
}

// list is from the latest to the oldest.
func (t *troubles) list() []trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]trouble, 0, len(t.last))
	for i := len(t.last) - 1; i >= 0; i-- {
		list = append(list, t.last[i])
	}
	return list
}
