// Package proxied is the demonstration of alf proxy: programs that know nothing of tokens send requests of several
// kinds through it, while the token is revoked, the token endpoint is down, the configuration is read again, and the
// proxy ends.
package proxied

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/alf-go/alf/internal/program/demo/narrator"
	"github.com/alf-go/alf/internal/program/format"
)

// Options is what Run needs.
type Options struct {
	// Progress gets what happens, while it happens; Live says that it is a terminal.
	Progress io.Writer
	Live     bool
	// Logger gets what the proxy logs. Nil: it is dropped.
	Logger *slog.Logger
}

// actTime is how long an act lasts that waits for nothing.
const actTime = 1500 * time.Millisecond

// Run plays the demonstration. It takes about 12 s. If ctx ends, the report has the acts up to then.
func Run(ctx context.Context, o Options) (*Report, error) {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l, err := newLab(log)
	if err != nil {
		return nil, err
	}
	defer l.close()
	s := &stage{ctx: ctx, lab: l, report: new(Report), narrator: narrator.New(o.Progress, o.Live), began: time.Now()}
	s.narrator.Start(s.status)
	defer s.narrator.End()
	if err := s.play(); err != nil {
		return nil, err
	}
	s.report.Took = time.Since(s.began)
	return s.report, nil
}

// stage is the demonstration while it runs.
type stage struct {
	ctx      context.Context
	lab      *lab
	report   *Report
	narrator *narrator.Narrator
	traffic  *traffic
	began    time.Time
	requests int // token requests before the act
}

// status is the line that is rewritten on a terminal.
func (s *stage) status() string {
	if s.traffic == nil {
		return ""
	}
	n := 0
	for _, act := range s.report.Acts {
		for i := range act.Counts {
			n += int(act.Counts[i].served.Count())
		}
	}
	return format.Plural(n, "request") + " served"
}

// begin starts an act; what is sent from now on belongs to it.
func (s *stage) begin(name, about string, outage bool) *Act {
	s.narrator.Begin(name, about)
	a := &Act{Name: name, Counts: make([]counts, len(kinds)), Outage: outage}
	s.report.Acts = append(s.report.Acts, a)
	s.requests = s.lab.auth.Stats().TokenRequests
	if s.traffic == nil {
		s.traffic = start(s.lab, a)
	} else {
		s.traffic.act.Store(a)
	}
	return a
}

// end counts what the act has cost.
func (s *stage) end(a *Act) {
	a.TokenRequests = s.lab.auth.Stats().TokenRequests - s.requests
	s.narrator.Outcome(a.outcome())
}

// pass waits, and reports false if the demonstration is interrupted.
func (s *stage) pass(d time.Duration) bool {
	select {
	case <-s.ctx.Done():
		s.report.Stopped = s.report.Acts[len(s.report.Acts)-1].Name
		return false
	case <-time.After(d):
		return true
	}
}

// until waits for something that has to happen soon.
func (s *stage) until(what string, happened func() bool) bool {
	for range 1000 {
		if happened() {
			return true
		}
		if !s.pass(10 * time.Millisecond) {
			return false
		}
	}
	s.report.Unfinished = what
	return false
}

// play plays the acts, one after the other.
func (s *stage) play() error {
	defer func() {
		if s.traffic != nil {
			s.traffic.end()
		}
	}()
	for _, act := range []func() (bool, error){s.usual, s.revoked, s.down, s.downAndRevoked, s.back, s.reloaded, s.ended} {
		if more, err := act(); err != nil || !more {
			return err
		}
	}
	return nil
}

func (s *stage) usual() (bool, error) {
	a := s.begin("start", "programs send requests of seven kinds, without a token", false)
	a.Most = 1
	s.requests = 0 // the proxy has asked already
	defer s.end(a)
	return s.pass(actTime), nil
}

func (s *stage) revoked() (bool, error) {
	a := s.begin("revoked", "the API does not take the token any more", false)
	a.Most = 1
	s.lab.auth.Revoke()
	defer s.end(a)
	return s.pass(actTime), nil
}

func (s *stage) down() (bool, error) {
	a := s.begin("endpoint down", "the token endpoint responds with 503; the token is good", false)
	a.Most = 0
	s.outage()
	defer s.end(a)
	return s.pass(actTime), nil
}

// outage makes the token endpoint respond with 503 for as long as the next acts take.
func (s *stage) outage() {
	s.lab.auth.Respond(1<<30, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	})
}

func (s *stage) downAndRevoked() (bool, error) {
	a := s.begin("down, revoked", "now the token is revoked as well: nothing is sent without one", true)
	s.lab.auth.Revoke()
	defer s.end(a)
	return s.pass(actTime), nil
}

func (s *stage) back() (bool, error) {
	a := s.begin("endpoint back", "it works again", true)
	s.lab.auth.Up()
	defer s.end(a)
	all := func() bool {
		for i := range a.Counts {
			if a.Counts[i].served.Count() == 0 {
				return false
			}
		}
		return true
	}
	return s.until("requests of every kind were served after the outage", all), nil
}

func (s *stage) reloaded() (bool, error) {
	a := s.begin("reload", "the configuration is read again, ten times, with a route more or less", false)
	a.Most = 0
	defer s.end(a)
	for i := range 10 {
		change := s.lab.reload
		if i%2 == 1 {
			change = func() error { return s.lab.proxy.Reload(s.lab.config) }
		}
		if err := change(); err != nil {
			return false, fmt.Errorf("reloading: %w", err)
		}
		if !s.pass(actTime / 10) {
			return false, nil
		}
	}
	return true, nil
}

// ended lets the proxy end while slow requests are in flight.
func (s *stage) ended() (bool, error) {
	s.traffic.end()
	s.traffic = nil
	s.narrator.Begin("SIGTERM", "the proxy ends while requests are in flight that take a second")
	a := &Act{Name: "SIGTERM", Counts: make([]counts, len(kinds)), Slow: true}
	s.report.Acts = append(s.report.Acts, a)
	s.requests = s.lab.auth.Stats().TokenRequests
	defer s.end(a)
	const slow = 20
	done := make(chan struct{}, slow)
	before := s.lab.auth.Stats().Requests
	for range slow {
		go func() {
			defer func() { done <- struct{}{} }()
			c := newClients(s.lab.socket)
			defer c.close()
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			began := time.Now()
			o, err := send(ctx, c.http1, http.MethodGet, slowPath, nil, "")
			a.Counts[0].note(o, err, time.Since(began))
		}()
	}
	arrived := func() bool { return s.lab.auth.Stats().Requests == before+slow }
	if !s.until("the slow requests arrived", arrived) {
		return false, nil
	}
	s.lab.stop()
	for range slow {
		<-done
	}
	return true, nil
}
