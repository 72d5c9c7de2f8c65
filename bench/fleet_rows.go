package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/alf-go/alf/internal/fleet"
)

// The rows about token requests, in the order of the table.
const (
	coldRow = iota
	revokedRow
	lifetimesRow
	killedRow
	stoppedRow
	outageRow
	storeDownRow
	storeBackRow
	simulatedRow
	simulatedByDefaultRow
	pushRow
)

// cold is the first request of all processes, at the same time.
func (f *figures) cold(ctx context.Context, t *teams, s *sheet) error {
	with, err := t.shared.recover(ctx, t.shared.Send)
	if err != nil {
		return err
	}
	without, err := t.apart.recover(ctx, t.apart.Send)
	if err != nil {
		return err
	}
	n := len(with.requests)
	s.row(requestsTable, coldRow, processes(f.n)+", cold", count(n), count(with.failed), "1", count(len(without.requests)), "1")
	s.promise(n == 1 && with.failed == 0, "one token request for all cold processes, and no failure", fmt.Sprintf("%d, %d failed", n, with.failed))
	return nil
}

// revoked is a revocation under load.
func (f *figures) revoked(ctx context.Context, t *teams, s *sheet) error {
	var began time.Time
	revoke := func(one *team) (recovered, error) {
		if err := one.Send(); err != nil { // it may be played again
			return recovered{}, err
		}
		return one.recover(ctx, func() error {
			began = time.Now()
			one.server.Revoke()
			return nil
		})
	}
	without, err := revoke(t.apart)
	if err != nil {
		return err
	}
	first, last := without.first.Sub(began), without.last.Sub(began)
	with, err := revoke(t.shared)
	if err != nil {
		return err
	}
	// From here on the shared token is alone, up to the outage.
	if err := t.apart.Rest(); err != nil {
		return err
	}
	n := len(with.requests)
	s.row(requestsTable, revokedRow, "revoked under load", count(n), count(with.failed), "1", count(len(without.requests)), "1")
	s.row(timesTable, revokedRow, "revoked under load: until processes have a token", duration(with.first.Sub(began)), duration(with.last.Sub(began)),
		duration(first), duration(last), ratio(float64(with.last.Sub(began))/float64(last)))
	s.promise(n == 1 && with.failed == 0, "one token request after a revocation under load, and no failure", fmt.Sprintf("%d, %d failed", n, with.failed))
	after := with.last.Sub(with.requests[0].Responded)
	if after > 100*time.Millisecond {
		s.note("All processes adopt the token and send their requests again at the same time, on this machine's cores: the last is as late as all of that takes. A bare PUBLISH, which does none of it, is with the last process after the time in the table.")
	}
	s.aim(after <= 100*time.Millisecond, "the last process has the new token 100 ms after the endpoint's response", duration(after))
	return nil
}

// lifetimes is tokens of 3 s. One process beside them shows what is the fewest.
func (f *figures) lifetimes(ctx context.Context, t *teams, s *sheet) error {
	const life = 3 * time.Second
	effective := life - life/10
	window := 60 * time.Second
	if f.b.short {
		window = 12 * time.Second
	}
	fewest := int(math.Ceil(float64(window) / (0.75 * float64(effective))))
	var starts [2]int
	failed := 0
	for i, one := range []*team{t.shared, t.lone} {
		one.server.SetLifetime(life)
		starts[i] = one.server.Requests()
		r, err := one.recover(ctx, func() error {
			one.server.Revoke()
			return one.Send()
		})
		if err != nil {
			return err
		}
		failed += r.failed
	}
	if err := sleep(ctx, window); err != nil {
		return err
	}
	var within [2]int
	for i, one := range []*team{t.shared, t.lone} {
		requests := one.server.RequestsSince(starts[i])
		for _, r := range requests {
			if r.Arrived.Sub(requests[0].Arrived) < window {
				within[i]++
			}
		}
		// The tokens that follow live long again.
		issued := one.server.Issued()
		one.server.SetLifetime(time.Hour)
		if err := one.agreed(ctx, issued); err != nil {
			return err
		}
	}
	later, err := t.shared.failures(ctx)
	if err != nil {
		return err
	}
	failed += later
	s.row(requestsTable, lifetimesRow, "tokens of 3 s for "+rounded(window), count(within[0]), count(failed), count(fewest), "–", count(within[1]))
	s.promise(within[0] <= fewest && failed == 0, "tokens of 3 s: no more token requests than the fewest possible, and no failure",
		fmt.Sprintf("%s times, %d failed", exactly(float64(within[0])/float64(fewest)), failed))
	return nil
}

// caught lets the process that fetches the next token be caught in the middle of that, after a revocation.
func (t *team) caught(ctx context.Context, then func(p *fleet.Process, gate *fleet.Gate) error) error {
	gate := t.server.StopNext()
	defer gate.Open()
	t.server.Revoke()
	select {
	case <-gate.Arrived:
	case <-ctx.Done():
		return fmt.Errorf("no process fetches: %w", context.Cause(ctx))
	}
	p, err := t.fetching(ctx)
	if err != nil {
		return err
	}
	return then(p, gate)
}

// killed is the end of the process that fetches. Another one takes its place.
func (f *figures) killed(ctx context.Context, t *teams, s *sheet) error {
	issued := t.shared.server.Issued()
	with, err := t.shared.recover(ctx, func() error {
		return t.shared.caught(ctx, func(p *fleet.Process, _ *fleet.Gate) error {
			t.shared.Kill(p)
			return nil
		})
	})
	if err != nil {
		return err
	}
	s.caughtRow(killedRow, "the process that fetches is killed", with)
	p, err := t.shared.Add()
	if err != nil {
		return err
	}
	if err := p.Send(); err != nil {
		return err
	}
	return t.shared.agreed(ctx, issued)
}

// late is for how long the process that fetches is stopped: more than a lease.
const late = 3 * time.Second

// stopped is a process that fetches, is stopped, and goes on when the others have a newer token.
func (f *figures) stopped(ctx context.Context, t *teams, s *sheet) error {
	issued := t.shared.server.Issued()
	with, err := t.shared.recover(ctx, func() error {
		return t.shared.caught(ctx, func(p *fleet.Process, gate *fleet.Gate) error {
			if err := p.Suspend(); err != nil {
				return err
			}
			gate.Open()
			if err := sleep(ctx, late); err != nil {
				return err
			}
			return p.Continue()
		})
	})
	if err != nil {
		return err
	}
	if err := t.shared.agreed(ctx, issued); err != nil {
		return err
	}
	s.caughtRow(stoppedRow, "it is stopped, and goes on after "+rounded(late), with)
	return nil
}

func (s *sheet) caughtRow(rank int, what string, r recovered) {
	n := len(r.requests)
	s.row(requestsTable, rank, what, count(n), count(r.failed), "at most 2", "–", "–")
	s.promise(n <= 2 && r.failed == 0, what+": at most 2 token requests, and no failure", fmt.Sprintf("%d, %d failed", n, r.failed))
}

// outage is a revocation while the endpoint fails: first for those that share a token, with one process beside them,
// and then for those that do not, who would keep the machine from running the others.
func (f *figures) outage(ctx context.Context, t *teams, s *sheet) error {
	const lasts, lastsShort = 30 * time.Second, 5 * time.Second
	window := lasts
	if f.b.short {
		window = lastsShort
	}
	var requests [3]int
	for _, together := range [][]int{{0, 2}, {1}} {
		if err := t.failing(ctx, window, together, &requests); err != nil {
			return err
		}
	}
	most := 2 * requests[2]
	s.row(requestsTable, outageRow, "the endpoint responds with 503 for "+rounded(window), count(requests[0]), "no token",
		"at most "+count(most), count(requests[1]), count(requests[2]))
	s.promise(requests[0] <= most, "an outage of the endpoint: at most twice the token requests of one process",
		fmt.Sprintf("%d, one process %d", requests[0], requests[2]))
	return nil
}

// failing is an outage for some of the teams. It notes how many token requests meet it.
func (t *teams) failing(ctx context.Context, window time.Duration, which []int, requests *[3]int) error {
	all := []*team{t.shared, t.apart, t.lone}
	var starts, issued [3]int
	for _, i := range which {
		one := all[i]
		if err := one.Send(); err != nil {
			return err
		}
		if err := one.served(ctx, 0); err != nil { // in a short run they have only just started
			return err
		}
	}
	for _, i := range which {
		one := all[i]
		one.server.SetStatus(503)
		starts[i], issued[i] = one.server.Requests(), one.server.Issued()
		one.server.Revoke()
	}
	if err := sleep(ctx, window); err != nil {
		return err
	}
	for _, i := range which {
		requests[i] = all[i].server.Requests() - starts[i]
		all[i].server.SetStatus(0)
	}
	for _, i := range which {
		if err := all[i].served(ctx, issued[i]); err != nil {
			return err
		}
		if err := all[i].Rest(); err != nil {
			return err
		}
	}
	return nil
}

// storeDown is a revocation while the store is down, and what comes of that when it is back.
func (f *figures) storeDown(ctx context.Context, t *teams, s *sheet) error {
	if err := t.shared.Send(); err != nil {
		return err
	}
	if err := t.shared.agreed(ctx, 0); err != nil {
		return err
	}
	with, err := t.shared.recover(ctx, func() error {
		t.redis.kill()
		t.shared.server.Revoke()
		return nil
	})
	if err != nil {
		return err
	}
	n := len(with.requests)
	s.row(requestsTable, storeDownRow, "Redis is killed, then a revocation", count(n), count(with.failed), "at most "+count(t.shared.size), "–", "–")
	numbers := fmt.Sprintf("%d of %s, %d failed", n, processes(t.shared.size), with.failed)
	if with.failed > 0 {
		numbers += "; of all until then " + t.shared.Summary()
	}
	s.promise(n <= t.shared.size && with.failed == 0, "Redis is down, and the token is revoked: no failure, and one token request a process at most", numbers)

	began, before := time.Now(), t.shared.server.Requests()
	if err := t.redis.start(); err != nil {
		return err
	}
	if err := t.shared.agreed(ctx, 0); err != nil {
		return err
	}
	took := time.Since(began)
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	failed, err := t.shared.failures(ctx)
	if err != nil {
		return err
	}
	n = t.shared.server.Requests() - before
	s.row(requestsTable, storeBackRow, "Redis is back", count(n), count(failed), "0", "–", "–")
	s.promise(n == 0 && failed == 0, "no token request when Redis is back, and no failure",
		fmt.Sprintf("%d, %d failed; all have the same token after %s", n, failed, duration(took)))
	return nil
}
