package demo

import (
	"context"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/demo/journal"
	"github.com/alf-go/alf/internal/program/demo/narrator"
	"github.com/alf-go/alf/internal/program/demo/report"
	"github.com/alf-go/alf/internal/program/demo/server"
	"github.com/alf-go/alf/internal/program/demo/tally"
	"github.com/alf-go/alf/manager"
)

// script is the demonstration while it runs. One goroutine plays it; the traffic runs beside.
type script struct {
	auth           *server.Auth
	api            *server.API
	client         *alf.Client
	journal        *journal.Journal
	traffic        *traffic
	narrator       *narrator.Narrator
	lifetime       time.Duration
	authentication []string // of the client; see Options.authentication

	played      []report.Act
	revocations int
	unfinished  string // what did not happen in time
}

// act is one scene: it makes something happen, waits until the client has dealt with it, and says what came of it.
type act struct {
	name     string
	about    string
	refusals bool // requests may be refused in it
	play     func(ctx context.Context, t *tally.Tally) outcome
}

// outcome says what came of an act. It is called once the act's counts are final, so that it and the report show the
// same.
type outcome func() []string

// play goes through the acts, and returns the name of the one during which ctx ended, or "".
func (s *script) play(ctx context.Context, limit time.Duration) (stopped string) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s.narrator.Start(s.status)
	defer s.narrator.End()
	if len(s.authentication) > 0 {
		s.narrator.Begin("client", s.authentication[0])
		s.narrator.Outcome(s.authentication[1:]...)
	}
	if !s.coldStart(limited) {
		if ctx.Err() != nil {
			return coldStart
		}
		return ""
	}
	defer s.traffic.halt()
	var last outcome
	for i, act := range s.acts() {
		counts := s.begin(act, last)
		if i == 0 {
			s.traffic.start()
		}
		last = act.play(limited, counts)
		switch {
		case ctx.Err() != nil:
			return act.name
		case limited.Err() != nil:
			s.miss(ctx, "it took longer than "+limit.String()+": "+act.name)
			return ""
		}
	}
	s.traffic.halt()
	s.narrator.Outcome(last()...)
	return ""
}

// begin has requests counted for an act from now on, says what came of the one before, and announces it.
func (s *script) begin(act act, last outcome) *tally.Tally {
	counts := new(tally.Tally)
	s.played = append(s.played, report.Act{Name: act.name, Tally: counts})
	s.traffic.enter(&scene{counts, act.refusals})
	if last != nil {
		s.narrator.Outcome(last()...)
	}
	s.narrator.Begin(act.name, act.about)
	return counts
}

// miss remembers the first thing that did not happen, unless there was no time left for it.
func (s *script) miss(ctx context.Context, what string) {
	if s.unfinished == "" && ctx.Err() == nil {
		s.unfinished = what
	}
}

// pause lets the traffic go on; a part of the lifetime, because everything else scales with that.
func (s *script) pause(ctx context.Context, d time.Duration) { s.until(ctx, time.Now().Add(d)) }

func (s *script) until(ctx context.Context, t time.Time) {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// await waits, for two lifetimes at most, for an event that happened at a time or later. Events reach the journal some
// time after they happened.
func (s *script) await(ctx context.Context, since time.Time, match func(alf.Event) bool) (alf.Event, bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.lifetime)
	defer cancel()
	return s.journal.Await(ctx, func(e alf.Event) bool { return !e.Time.Before(since) && match(e) })
}

// of matches events of a kind.
func of(kind manager.EventKind) func(alf.Event) bool {
	return func(e alf.Event) bool { return e.Kind == kind }
}

// refresh matches the end of a successful one.
func refresh(e alf.Event) bool {
	return e.Kind == manager.FetchEnded && e.Cause == manager.CauseRefresh && e.Err == nil
}

// settled is what client and server have counted while no token request was on its way between them, as one may be even
// when no caller asks for a token any more.
func (s *script) settled() (client alf.Stats, requests uint64) {
	for end := time.Now().Add(s.lifetime); ; {
		client, requests = s.client.Stats(), s.auth.Requests()
		after := s.client.Stats()
		if !client.Fetching && after.Fetches == client.Fetches || time.Now().After(end) {
			return client, requests
		}
		s.pause(context.Background(), s.lifetime/100)
	}
}

// awaitEnd waits until the hook has reported everything.
func (s *script) awaitEnd() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.journal.Await(ctx, of(manager.Closed))
}
