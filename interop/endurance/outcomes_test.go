package endurance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// span is a stretch of time.
type span struct{ from, to time.Time }

func (s span) overlaps(other span) bool { return s.from.Before(other.to) && other.from.Before(s.to) }

// spans are stretches of time during which something was so. The last one may still be open.
type spans struct {
	mu  sync.Mutex
	all []span
}

// begin opens a stretch, and the function that is returned closes it.
func (s *spans) begin() (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := len(s.all)
	s.all = append(s.all, span{time.Now(), time.Now().Add(time.Hour)})
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all[i].to = time.Now()
	}
}

func (s *spans) add(one span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, one)
}

func (s *spans) overlap(other span) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.all, other.overlaps)
}

// outcomes are what became of the requests.
type outcomes struct {
	// upstreamDown is when the API could not be reached; machineStopped is when this process was not run for a
	// second or more, with what a caller may wait for after that.
	upstreamDown, machineStopped spans

	mu          sync.Mutex
	succeeded   map[string]int // by kind
	unavoidable map[string]int // by reason
	avoidable   []string
	failedOver  int
	refused     int // requests whose body is too large to be sent again, and that succeeded when their caller sent them again
}

func newOutcomes() *outcomes {
	return &outcomes{succeeded: make(map[string]int), unavoidable: make(map[string]int)}
}

// note takes the outcome of a request that was on its way during took. A failure is unavoidable if the API was down,
// or the machine had stopped, at any time between the request's beginning and its end: nothing else is.
func (o *outcomes) note(kind string, took span, err error) {
	var reason string
	switch {
	case err == nil:
	case o.upstreamDown.overlap(took):
		reason = "the API was down meanwhile"
	case o.machineStopped.overlap(took):
		reason = "the machine had stopped meanwhile"
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil:
		o.succeeded[kind]++
	case reason != "":
		o.unavoidable[reason]++
	default:
		o.avoidable = append(o.avoidable, fmt.Sprintf("%s %s, from %s for %s: %s", took.to.Format("15:04:05.000"), kind,
			took.from.Format("15:04:05.000"), took.to.Sub(took.from).Round(time.Millisecond), err))
	}
}

func (o *outcomes) add(n *int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	*n++
}

func (o *outcomes) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out strings.Builder
	total := 0
	for _, kind := range slices.Sorted(maps.Keys(o.succeeded)) {
		total += o.succeeded[kind]
		fmt.Fprintf(&out, "  %-34s %8d\n", kind, o.succeeded[kind])
	}
	fmt.Fprintf(&out, "  %-34s %8d\n", "all that succeeded", total)
	fmt.Fprintf(&out, "  %-34s %8d\n", "of these by the other proxy", o.failedOver)
	fmt.Fprintf(&out, "  %-34s %8d\n", "of these large, and sent again", o.refused)
	for _, reason := range slices.Sorted(maps.Keys(o.unavoidable)) {
		fmt.Fprintf(&out, "  %-34s %8d\n", "failed: "+reason, o.unavoidable[reason])
	}
	fmt.Fprintf(&out, "  %-34s %8d\n", "avoidable failures", len(o.avoidable))
	return out.String()
}

// watchMachine notes when this process was not run. What waits for a token is served for 10 s, which may be over
// then.
func (o *outcomes) watchMachine(ended <-chan struct{}) {
	const tick, stopped, after = 100 * time.Millisecond, time.Second, 10 * time.Second
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for last := time.Now(); ; {
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
		now := time.Now()
		if now.Sub(last) > stopped {
			o.machineStopped.add(span{last, now.Add(after)})
		}
		last = now
	}
}
