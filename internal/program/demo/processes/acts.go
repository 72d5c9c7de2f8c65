package processes

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/internal/subprocess"
)

// act is one scene. All fleets play it at the same time, each against its own servers.
type act struct {
	name  string
	about string
	// most is how many token requests the processes that share a token may make.
	most uint64
	// outage says that most is on top of those that meet the outage. One process makes no more of them than possible.
	outage   bool
	possible uint64
	// apart says that the fleets play it one after the other.
	apart bool
	// others says that it takes more than one process, and pauses that one of them is stopped.
	others, pauses bool
	play           func(ctx context.Context, f *fleet, m *Measured) error
}

const (
	// slow is how long the token endpoint takes in acts in which a process is met in the middle of a token request.
	slow = 600 * time.Millisecond
	// linger is how long the traffic goes on after an act. It separates two revocations by more than the second that
	// passes between fetches which are caused by rejections (M13).
	linger = time.Second
)

func (s *script) acts() []act {
	life := s.options.Lifetime
	return []act{
		{
			name: "cold start", about: "all processes at once ask for a token, and there is none",
			// What a process does for the first time takes several times as long: 40 at once would be too much for the
			// 150 ms of the store on two cores.
			most: 1, apart: true, play: coldStart,
		},
		{
			name: "tokens revoked", about: "while all processes send requests",
			most: 1, play: revoked,
		},
		{
			name: "fetch killed", about: "revoked again, and the process that fetches the successor is killed in the middle",
			most: 2, others: true, play: killed,
		},
		{
			name: "fetch stopped", about: "revoked again, and the process that fetches is stopped in the middle, and continued late",
			most: 2, others: true, pauses: true, play: stopped,
		},
		{
			name: "store deleted", about: "its directory is removed while all use it, and then the tokens are revoked",
			most: 1, play: deleted,
		},
		{
			name:  "endpoint down",
			about: "it responds 503 when tokens that live " + format.Duration(life) + " are to be refreshed, until shortly before they expire",
			most:  2, outage: true, possible: possible(endsAfter(life) - life*9/10/2),
			play: func(ctx context.Context, f *fleet, m *Measured) error { return down(ctx, f, m, life) },
		},
	}
}

func coldStart(ctx context.Context, f *fleet, m *Measured) error {
	now := f.now()
	if err := f.beginAll(); err != nil {
		return err
	}
	return m.recovered(now.at)(now.replaced(ctx, nil))
}

func revoked(ctx context.Context, f *fleet, m *Measured) error {
	now := f.now()
	f.auth.RevokeAll()
	return m.recovered(now.at)(now.replaced(ctx, nil))
}

// fetching revokes the tokens, and returns the process that fetches a successor, with the token request in flight.
func fetching(ctx context.Context, f *fleet) (moment, *process, error) {
	f.auth.SetDelay(slow)
	now, requests := f.now(), f.auth.Requests()
	f.auth.RevokeAll()
	fetch, err := now.first(ctx, isFetching, "to begin a token request")
	for err == nil && f.auth.Requests() == requests { // the request follows its event
		wait(ctx, time.Millisecond)
		err = ctx.Err()
	}
	return now, fetch.from, err
}

// killed ends with a process in the place of the one that was killed.
func killed(ctx context.Context, f *fleet, m *Measured) error {
	defer f.auth.SetDelay(0)
	now, p, err := fetching(ctx, f)
	if err != nil {
		return err
	}
	at, abandoned := time.Now(), f.auth.Abandoned()
	if err := p.kill(); err != nil {
		return err
	}
	successor, err := f.start(p.name + "'")
	if err != nil {
		return err
	}
	if err := f.await(ctx, "to start another process", func() bool { return successor.ready }); err != nil {
		return err
	}
	if err := successor.begin(); err != nil {
		return err
	}
	if err := m.recovered(at)(now.replaced(ctx, nil)); err != nil {
		return err
	}
	m.Note = "process " + p.name + " was killed, and another one started in its place"
	if f.auth.Abandoned() == abandoned {
		m.Note += "; its token request had just ended"
	}
	return nil
}

// stopped goes on until the process has been continued, with a response that is late.
func stopped(ctx context.Context, f *fleet, m *Measured) error {
	defer f.auth.SetDelay(0)
	now, p, err := fetching(ctx, f)
	if err != nil {
		return err
	}
	at := time.Now()
	if err := subprocess.Suspend(p.cmd.Process); err != nil {
		return fmt.Errorf("process %s cannot be stopped: %w", p.name, err)
	}
	f.setPaused(p, true)
	if now.had(p) {
		m.Note = ", when its token request had just ended"
	}
	err = m.recovered(at)(now.replaced(ctx, p))
	if err == nil {
		wait(ctx, time.Until(at.Add(2*slow))) // until there is a response for it
	}
	lasted, continued := time.Since(at), f.now()
	if err := subprocess.Continue(p.cmd.Process); err != nil {
		return fmt.Errorf("process %s cannot be continued: %w", p.name, err)
	}
	f.setPaused(p, false)
	if err != nil {
		return err
	}
	m.Note = "process " + p.name + " was stopped for " + format.Seconds(lasted) + m.Note
	m.displaced = func() uint64 { return continued.displaced(p) }
	_, err = now.replaced(ctx, nil)
	return err
}

// deleted is a revocation alone for those that have no store.
func deleted(ctx context.Context, f *fleet, m *Measured) error {
	if f.task.Store != "" {
		now := f.now()
		if err := remove(ctx, f.task.Store); err != nil {
			return err
		}
		offered, err := now.first(ctx, hasOffered, "to hand the token in again")
		if err != nil {
			return err
		}
		m.Note = "process " + offered.from.name + " had handed the token in again after " + format.Duration(offered.at.Sub(now.at))
	}
	return revoked(ctx, f, m)
}

// down has tokens fetched that live shortly, and makes the endpoint fail before their refresh time, until shortly
// before their effective expiry.
func down(ctx context.Context, f *fleet, m *Measured, life time.Duration) error {
	refused := f.auth.Refused()
	f.auth.SetLifetime(life)
	defer f.auth.SetLifetime(normal)
	now := f.now()
	f.auth.RevokeAll()
	if _, err := now.replaced(ctx, nil); err != nil {
		return err
	}
	back := now.at.Add(endsAfter(life))
	now = f.now()
	f.auth.Unavailable(back)
	defer f.auth.Up()
	wait(ctx, time.Until(back))
	f.auth.SetLifetime(normal)
	err := m.recovered(back)(now.replaced(ctx, nil))
	m.Refused = f.auth.Refused() - refused
	return err
}

// endsAfter is how long after its token's fetch an outage ends, shortly before the effective expiry.
func endsAfter(life time.Duration) time.Duration { return life * 5 / 6 }

// possible is how many times a process tries in vain in an outage if each of its backoffs is as short as it can be:
// half of manager.Policy's MinBackoff, doubled each time. The outage lasts from the earliest refresh time, which is
// half the effective lifetime (M4).
func possible(outage time.Duration) (tries uint64) {
	backoff := 250 * time.Millisecond
	for at := time.Duration(0); at <= outage; tries++ {
		at += backoff
		backoff *= 2
	}
	return tries
}

// recovered returns a function that notes how long after a time the last process had the new token.
func (m *Measured) recovered(since time.Time) func(last time.Time, err error) error {
	return func(last time.Time, err error) error {
		if err == nil {
			m.Recovered = max(last.Sub(since), 1)
		}
		return err
	}
}

// remove removes a directory that processes use. One of them may make a file while that goes on.
func remove(ctx context.Context, dir string) error {
	for {
		err := os.RemoveAll(dir)
		if err == nil || ctx.Err() != nil {
			return err
		}
		wait(ctx, 10*time.Millisecond)
	}
}

// wait waits for a time, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
