package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/demo/server"
	"github.com/alf-go/alf/internal/program/demo/tally"
	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/manager"
)

// acts are in an order that wastes no time: each leaves behind a token that the next one needs.
func (s *script) acts() []act {
	return []act{
		{"steady traffic", "each caller sends a request every " + format.Duration(s.traffic.every) + " or so", false, s.steady},
		{"token revoked", "while every caller has a request in flight", false, s.revoked},
		{"short outage", "the token endpoint is down, but back in time", false, s.shortOutage},
		{"slow endpoint", "the token endpoint takes " + format.Duration(s.slowness()) + " to respond", false, s.slow},
		{"long outage", "the token endpoint is down for too long", true, s.longOutage},
		{"recovered", "the token endpoint responds again", false, s.recovered},
	}
}

const coldStart = "cold start"

// coldStart has no requests to count yet: all callers at once, and there is no token. Without one there is nothing to
// go on with.
func (s *script) coldStart(ctx context.Context) bool {
	s.narrator.Begin(coldStart, format.Plural(s.traffic.callers, "caller")+" at once ask for a token, and there is none")
	longest, err := s.traffic.askAtOnce(ctx)
	if err != nil {
		s.miss(ctx, fmt.Sprintf("no token to begin with: %v", err))
		return false
	}
	asked := s.requested(0, server.Proofs{})
	if n := s.auth.MetadataRead(); n > 0 {
		asked = format.Plural(n, "request") + " for the metadata, " + asked
	}
	s.narrator.Outcome(fmt.Sprintf("%s; the last caller had the token after %s", asked, format.Duration(longest)))
	return true
}

// requested says how many token requests there have been since there were so many, and how many of them the client had
// to make because it did not know the token endpoint's nonce.
func (s *script) requested(before uint64, proofs server.Proofs) string {
	text := format.Plural(s.auth.Requests()-before, "token request")
	if n := s.auth.Proofs().Challenged - proofs.Challenged; n > 0 {
		text += fmt.Sprintf(", %s of them to learn a nonce", format.Count(n))
	}
	return text
}

// steady lasts until the first token was refreshed.
func (s *script) steady(ctx context.Context, t *tally.Tally) outcome {
	if _, ok := s.await(ctx, time.Now(), refresh); !ok {
		s.miss(ctx, "the token was not refreshed")
	}
	s.pause(ctx, s.lifetime/10)
	return func() []string { return []string{"refreshed ahead of its end", s.undisturbed(t)} }
}

// revoked gathers the callers first, so that the token is revoked under as many requests as can be.
func (s *script) revoked(ctx context.Context, t *tally.Tally) outcome {
	before, proofs := s.auth.Requests(), s.auth.Proofs()
	gathering, cancel := context.WithTimeout(ctx, s.lifetime/2)
	defer cancel()
	select {
	case <-s.api.Hold(s.traffic.callers):
	case <-gathering.Done():
	}
	s.revocations++
	s.auth.Revoke()
	s.api.Release()
	s.pause(ctx, s.lifetime/6)
	for waiting := time.Now(); t.Retried.Count() < s.api.Counts().Revoked && time.Since(waiting) < s.lifetime/2; {
		s.pause(ctx, s.lifetime/100)
	}
	requested := s.requested(before, proofs)
	return func() []string {
		return []string{fmt.Sprintf("%s got a 401, of %s the retry succeeded, for %s",
			format.Plural(s.api.Counts().Revoked, "request"), format.Count(t.Retried.Count()), requested)}
	}
}

// shortOutage begins before a refresh time and ends after the refresh has failed once.
func (s *script) shortOutage(ctx context.Context, t *tally.Tally) outcome {
	token := s.client.Stats()
	s.until(ctx, token.RefreshTime.Add(-s.lifetime/5))
	down := time.Now()
	s.auth.Down(token.EffectiveExpiry.Add(-s.lifetime / 30))
	// On a machine that is very busy the refresh may come too late to fail.
	s.await(ctx, down, func(e alf.Event) bool { return e.Kind == manager.BackedOff || e.Kind == manager.Published })
	s.pause(ctx, s.lifetime/20)
	s.auth.Up()
	lasted := time.Since(down)
	published, ok := s.await(ctx, down, of(manager.Published))
	if !ok {
		s.miss(ctx, "the token was not refreshed after the token endpoint's short outage")
	}
	s.pause(ctx, s.lifetime/10)
	failed := failures(s.journal.Entries(down))
	return func() []string {
		return []string{
			fmt.Sprintf("down for %s: %s, then one that came %s", format.Seconds(lasted),
				format.Plural(failed, "failed refresh attempt"), relative(published.Time, token.EffectiveExpiry)),
			s.undisturbed(t),
		}
	}
}

// slowness is less than what a token has left when its refresh begins.
func (s *script) slowness() time.Duration { return s.lifetime / 12 }

// slow lasts until a token has been refreshed by a slow response.
func (s *script) slow(ctx context.Context, t *tally.Tally) outcome {
	s.auth.SetDelay(s.slowness())
	defer s.auth.SetDelay(0)
	ended, ok := s.await(ctx, time.Now(), refresh)
	if !ok {
		s.miss(ctx, "the token was not refreshed while the endpoint was slow")
	}
	s.pause(ctx, s.lifetime/15)
	return func() []string {
		return []string{"refreshed in " + format.Duration(ended.Duration), s.undisturbed(t)}
	}
}

// longOutage goes on until callers have been without a token for a while.
func (s *script) longOutage(ctx context.Context, t *tally.Tally) outcome {
	down := time.Now()
	s.auth.Down(time.Time{})
	defer s.auth.Up()
	lost, ok := s.await(ctx, down, of(manager.Withdrawn))
	if !ok {
		s.miss(ctx, "the token did not run out")
		return none
	}
	roundFailed, ok := s.journal.Await(ctx, func(e alf.Event) bool {
		return e.Kind == manager.BackedOff && !e.Time.Before(lost.Time)
	})
	if !ok {
		return none
	}
	// Each failed round doubles the wait for the next, and all that comes of longer ones is a longer demonstration: so
	// the endpoint returns shortly before a round that would otherwise fail.
	s.until(ctx, latest(lost.Time.Add(s.lifetime/3), roundFailed.Until.Add(-s.lifetime/15)))
	s.auth.Up()
	back := time.Now()
	published, ok := s.journal.Await(ctx, func(e alf.Event) bool {
		return e.Kind == manager.Published && e.Time.After(lost.Time) // and not by what was in flight when the outage began
	})
	if !ok {
		return none
	}
	return func() []string {
		return []string{
			fmt.Sprintf("down for %s, the first %s of which the token lasted", format.Seconds(back.Sub(down)), format.Seconds(lost.Time.Sub(down))),
			fmt.Sprintf("%s refused, unsent, half of them within %s",
				format.Plural(t.Refused.Count(), "request"), format.Duration(t.Refused.Whole.Quantile(0.5))),
			fmt.Sprintf("%s after its return a probe brought a token", format.Seconds(published.Time.Sub(back))),
		}
	}
}

// none is the outcome of an act that did not come to its end.
func none() []string { return nil }

// recovered shows that nothing has remained of the outage.
func (s *script) recovered(ctx context.Context, t *tally.Tally) outcome {
	s.pause(ctx, s.lifetime/4)
	return func() []string { return []string{s.undisturbed(t)} }
}

// undisturbed is the outcome for the callers where nothing should have happened to them.
func (s *script) undisturbed(t *tally.Tally) string {
	return fmt.Sprintf("%s, %s failed; longest wait for the token %s",
		format.Plural(t.Requests(), "request"), format.Count(t.Failed.Load()), format.Duration(t.LongestWait()))
}

// status is what the line on the terminal says of the callers.
func (s *script) status() string {
	requests, refused, failed := s.traffic.counts()
	return fmt.Sprintf("%s, %s refused, %s failed",
		format.Plural(requests, "request"), format.Count(refused), format.Count(failed))
}

func failures(entries []alf.Event) (n int) {
	for _, e := range entries {
		if e.Kind == manager.FetchEnded && e.Err != nil {
			n++
		}
	}
	return n
}

// relative says where a moment is, seen from a token's end.
func relative(t, end time.Time) string {
	if t.Before(end) {
		return format.Duration(end.Sub(t)) + " before the end"
	}
	return format.Duration(t.Sub(end)) + " after the end"
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
