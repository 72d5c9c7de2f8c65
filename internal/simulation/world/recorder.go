package world

import (
	"context"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// Recording is what happened in a world over its [Parameters.Duration], for people to look at. Times are true time
// since the world's beginning.
type Recording struct {
	Policy     Policy
	Seed       uint64
	Parameters Parameters
	Ended      time.Duration // when the recording stopped; Parameters.Duration, unless the world was stopped or broke a rule

	Step      time.Duration // what a sample covers
	Samples   []Sample
	Fetches   []Fetch    // none if there were too many to show each; the samples count them all
	Lifetimes []Lifetime // of tokens, of the first processes, within Focus
	Focus     Span
	Faults    []Fault

	Sum    Sample // of all samples, the greatest where a sum makes no sense
	Waits  Histogram
	Causes [causes]int // of fetches; of our own policy only
	Peak   int         // fetches that started within one second of the clock, at most
}

// Sample is what happened within one step of a recording.
type Sample struct {
	Requests     int // that callers began
	Outcomes     [outcomes]int
	Unauthorized int // responses with 401
	Fetches      [FetchOutcomes]int
	Started      int           // fetches that began
	Waiting      int           // callers who waited for a token, at most at a time
	Longest      time.Duration // wait for a token
}

// Ended is the number of requests that ended.
func (s *Sample) Ended() (n int) {
	for _, count := range s.Outcomes {
		n += count
	}
	return n
}

// Fetch is a token request.
type Fetch struct {
	At      time.Duration // its start
	Took    time.Duration
	Process int
	Cause   string // as far as the policy knows one
	Outcome FetchOutcome
}

// Life is a token's life in a process.
type Lifetime struct {
	Process                                         int
	Number                                          uint64 // of the token; the same again if its value was handed out again
	Published, RefreshTime, EffectiveExpiry, Expiry time.Duration
	Until                                           time.Duration // when it was replaced, rejected or withdrawn
	Rejected                                        bool
}

// Span is a part of a world's time.
type Span struct{ From, To time.Duration }

// Fault is a fault that was applied to the world or to one of its processes.
type Fault struct {
	Span           // of a moment both are the same
	Process int    // -1: the world
	Text    string // for people
}

// What a recording is limited to, so that it stays readable and small however much happens.
const (
	samples           = 360
	maxFetches        = 1500
	maxLifetimes      = 1000
	watched           = 8   // processes whose tokens' lives are kept
	readableLifetimes = 100 // in a row
	focusedLifetimes  = 30
	maxFaults         = 500
	causes            = int(core.Causes)
)

// recorder fills a recording while its world runs. It sees what happens and changes nothing.
type recorder struct {
	Recording
	ctx      context.Context
	progress func(now time.Duration)
	w        *World

	ends    time.Duration // of the present sample
	waiting int
	second  time.Duration // the present one,
	within  int           // and what began in it
	cause   []core.Cause  // of the fetch in flight, by process
	living  []int         // the present token's place in Lives plus 1, by process
	fetches int
	trouble int // the present outage's place in Faults plus 1
}

func (w *World) record(ctx context.Context, look Look, focus Span) *recorder {
	r := &recorder{ctx: ctx, progress: look.Progress, w: w}
	if r.progress == nil {
		r.progress = func(time.Duration) {}
	}
	r.Recording = Recording{
		Policy: look.Policy, Seed: w.seed, Parameters: w.drawn, Focus: focus,
		Step: max(w.drawn.Duration/samples, time.Millisecond), Samples: make([]Sample, 1, samples+1),
	}
	r.ends = r.Step
	r.cause, r.living = make([]core.Cause, len(w.processes)), make([]int, len(w.processes))
	r.second = -1
	w.rec = r
	return r
}

// now moves on to the present sample. It reports whether the recording still runs.
func (r *recorder) now() (s *Sample, ok bool) {
	now := r.w.now
	if now >= r.Parameters.Duration {
		return nil, false
	}
	for now >= r.ends {
		r.ends += r.Step
		r.Samples = append(r.Samples, Sample{Waiting: r.waiting})
		r.progress(now)
		if r.ctx.Err() != nil {
			r.w.stopped, r.Ended = true, now
		}
	}
	return &r.Samples[len(r.Samples)-1], true
}

func (r *recorder) asks(c *caller) {
	c.asked, c.waited = r.w.now, 0
	if s, ok := r.now(); ok {
		s.Requests++
	}
}

func (r *recorder) asksAgain(c *caller) { c.asked = r.w.now }

// waits is a caller who is not served at once.
func (r *recorder) waits(c *caller) {
	c.queued = true
	r.waiting++
	if s, ok := r.now(); ok {
		s.Waiting = max(s.Waiting, r.waiting)
	}
}

// replied notes a reply to a caller.
func (r *recorder) replied(c *caller) {
	c.waited += r.w.now - c.asked
	if c.queued {
		c.queued = false
		r.waiting--
	}
}

func (r *recorder) finished(c *caller, o Outcome) {
	if c.state != sent {
		r.replied(c)
	}
	if s, ok := r.now(); ok {
		s.Outcomes[o]++
		s.Longest = max(s.Longest, c.waited)
		r.Waits.Record(c.waited)
	}
}

func (r *recorder) fetchStarts() {
	s, ok := r.now()
	if !ok {
		return
	}
	s.Started++
	if second := r.w.now / time.Second; second != r.second {
		r.second, r.within = second, 0
	}
	r.within++
	r.Peak = max(r.Peak, r.within)
}

func (r *recorder) fetchEnds(p *process, f *flight) {
	s, ok := r.now()
	if !ok {
		return
	}
	outcome := f.outcome.public()
	if f.abandoned {
		outcome = FetchAbandoned
	}
	s.Fetches[outcome]++
	if r.fetches++; r.fetches > maxFetches {
		r.Fetches = nil
		return
	}
	r.Fetches = append(r.Fetches, Fetch{
		At: f.begins, Took: r.w.now - f.begins, Process: int(p.id), Cause: causeWords[r.cause[p.id]], Outcome: outcome,
	})
}

func (r *recorder) published(p *process, publication *core.Publication) {
	if _, ok := r.now(); !ok {
		return
	}
	r.tokenEnds(p.id)
	now, wall := r.w.now, p.wall()
	life := Lifetime{
		Process: int(p.id), Number: publication.Token, Published: now, Until: -1,
		RefreshTime: now + publication.RefreshTime.Sub(wall), EffectiveExpiry: now + publication.EffectiveExpiry.Sub(wall), Expiry: now + publication.Expiry.Sub(wall),
	}
	if p.id >= watched || len(r.Lifetimes) >= maxLifetimes || life.Expiry < r.Focus.From || now > r.Focus.To {
		return
	}
	r.Lifetimes = append(r.Lifetimes, life)
	r.living[p.id] = len(r.Lifetimes)
}

func (r *recorder) tokenEnds(p int32) {
	if i := r.living[p]; i > 0 {
		r.Lifetimes[i-1].Until = r.w.now
		r.living[p] = 0
	}
}

// finish makes the sums.
func (r *recorder) finish() *Recording {
	if !r.w.stopped {
		r.Ended = min(r.w.now, r.Parameters.Duration)
	}
	for r.ends < r.Ended {
		r.ends += r.Step
		r.Samples = append(r.Samples, Sample{Waiting: r.waiting})
	}
	for i := range r.Lifetimes {
		if l := &r.Lifetimes[i]; l.Until < 0 {
			l.Until = r.Ended
		}
	}
	for i := range r.Faults {
		if f := &r.Faults[i]; f.To < 0 {
			f.To = r.Ended
		}
	}
	for i := range r.Samples {
		r.Sum.add(&r.Samples[i])
	}
	return &r.Recording
}

func (s *Sample) add(other *Sample) {
	s.Requests += other.Requests
	s.Unauthorized += other.Unauthorized
	s.Started += other.Started
	for i := range s.Outcomes {
		s.Outcomes[i] += other.Outcomes[i]
	}
	for i := range s.Fetches {
		s.Fetches[i] += other.Fetches[i]
	}
	s.Waiting = max(s.Waiting, other.Waiting)
	s.Longest = max(s.Longest, other.Longest)
}
