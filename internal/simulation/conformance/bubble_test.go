package conformance_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/simulation/world"
	"github.com/alf-go/alf/sim"
)

const (
	clientID     = "the-real-thing"
	clientSecret = "s3cr3t/of+the real thing"
)

// course is how a plan is carried out.
type course struct {
	plan   world.Plan
	draw   draw
	until  time.Duration // when the client is closed
	mocked bool          // on a clock.Mock that is moved from action to action, not on the bubble's clock
	logged bool          // all that there is to see is printed as well
}

// bubble is the world of a plan, carried out: a client, its owner, fetcher and HTTP, in a synctest bubble.
type bubble struct {
	course
	clock clock.Clock
	mock  *clock.Mock // nil: the clock is the bubble's
	begun time.Time

	servers *servers
	client  *alf.Client
	http    *http.Client
	all     sync.WaitGroup // of callers and others

	mu   sync.Mutex
	seen seen
}

// seen is everything that could be seen of a bubble's world from outside.
type seen struct {
	begun      time.Time
	events     []alf.Event
	beforeThat int    // how many of them there were at the end, before Close
	callers    []line // what callers and APIs had to say
	outcomes   [world.Closed + 1]int
	errors     []error // that callers got
	panics     []any
	log        bytes.Buffer
	before     alf.Stats // then,
	after      alf.Stats // and when all was over
	kit        sim.Stats
	starts     []time.Duration // of token requests, as the endpoint saw them
	tokens     []string        // all values
	printed    []string        // what printing the client gave
}

// carryOut lets a plan happen, closes the client, and waits until nothing of it is left.
func carryOut(t *testing.T, c course) *seen {
	b := &bubble{course: c}
	synctest.Test(t, func(t *testing.T) {
		b.clock = clock.New()
		if c.mocked {
			b.mock = clock.NewMock()
			b.clock = b.mock
		}
		b.begun = b.clock.Now()
		b.seen.begun = b.begun
		b.servers = newServers(b)
		b.open(t)
		for _, s := range b.script() {
			b.advance(s.at)
			s.do()
		}
		b.advance(c.until)
		b.settle()
		b.seen.before, b.seen.beforeThat = b.client.Stats(), len(b.seen.events)
		b.close()
		b.advance(c.until + 3*time.Minute) // for fetches that ignore their cancellation
		b.all.Wait()
		b.settle()
		b.seen.after = b.client.Stats()
		if c.logged {
			b.seen.printed = printed(b.client)
		}
		b.seen.kit = b.servers.kit.Stats()
		for _, r := range b.servers.kit.TokenRequests() {
			b.seen.starts = append(b.seen.starts, r.At.Sub(b.begun))
		}
		for value := range b.servers.tokens {
			b.seen.tokens = append(b.seen.tokens, value)
		}
	})
	return &b.seen
}

// open makes the client as a user would, except for a fetcher that may lose its context on the way.
func (b *bubble) open(t *testing.T) {
	tokens, err := fetcher.New(fetcher.Config{
		TokenURL:     "https://auth.example" + sim.TokenPath,
		ClientID:     clientID,
		ClientSecret: alf.Secret(clientSecret),
		TokenRequest: fetcher.TokenRequest{Transport: b.servers.kit.RoundTripper()},
		Clock:        b.clock,
	})
	require.NoError(t, err)
	b.client, err = alf.New(alf.Config{
		Fetcher: alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			if b.servers.stuck() {
				ctx = context.WithoutCancel(ctx)
			}
			token, err := tokens.Fetch(ctx)
			return token, b.recheckable(err)
		}),
		HTTPClient: &http.Client{Transport: link{b.servers.kit.RoundTripper()}},
		Clock:      b.clock,
		Rand:       func() float64 { return b.draw(b.now()) },
		Hook: func(e alf.Event) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.seen.events = append(b.seen.events, e)
		},
		Logger: b.logger(),
	})
	require.NoError(t, err)
	b.http = b.client.HTTPClient()
}

// logger writes to what is seen, if that is wanted.
func (b *bubble) logger() *slog.Logger {
	if !b.logged {
		return nil
	}
	return slog.New(slog.NewJSONHandler(&b.seen.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// action is something that happens to the bubble's world.
type action struct {
	at time.Duration
	do func()
}

// script is the plan, with what follows from it, in order.
func (b *bubble) script() (script []action) {
	s := b.servers
	for _, d := range b.plan.Actions {
		switch d.Do {
		case world.Arrive:
			script = append(script, action{d.At, func() { b.all.Go(b.call) }})
		case world.Outage:
			script = append(script, action{d.At, func() { s.setTrouble(d.Trouble) }}, action{d.At + d.For, func() { s.setTrouble(world.Healthy) }})
		case world.Revoke:
			script = append(script, action{d.At, s.revokeAll})
		case world.RollKeys:
			script = append(script, action{d.At, s.rollKeys})
		case world.Refresh:
			script = append(script, action{d.At, func() { b.all.Go(b.refresh) }})
		case world.AskLonger:
			script = append(script, action{d.At, func() { b.all.Go(func() { b.askLonger(d.For) }) }})
		case world.Close:
			script = append(script, action{d.At, b.close})
		default:
			panic("a bubble cannot do that")
		}
	}
	for _, at := range b.rollOvers() {
		script = append(script, action{at, s.rollKeys})
	}
	script = append(script, action{b.plan.Duration, s.endFaults})
	slices.SortStableFunc(script, func(x, y action) int { return int(x.at - y.at) })
	return script
}

// rollOvers are those that come of themselves where KeyLag is on.
func (b *bubble) rollOvers() (times []time.Duration) {
	if b.plan.KeyLag == 0 {
		return nil
	}
	for at := time.Duration(0); ; times = append(times, at) {
		at += b.draw.about(at, b.plan.Duration/3) + time.Nanosecond
		if at >= b.plan.Duration {
			return times
		}
	}
}

func (b *bubble) refresh() {
	if _, err := b.client.Refresh(context.Background()); err != nil {
		b.fail(err)
	}
}

func (b *bubble) close() {
	b.all.Go(func() {
		if err := b.client.Close(); err != nil {
			b.fail(err)
		}
	})
}

func (b *bubble) now() time.Duration { return b.clock.Now().Sub(b.begun) }

// advance lets time pass until then, and all happen that is due by then.
func (b *bubble) advance(then time.Duration) {
	if b.mock == nil {
		time.Sleep(then - b.now())
		return
	}
	b.settle()
	b.mock.Add(then - b.now())
}

// settle lets everybody do what there is to do now.
func (b *bubble) settle() { synctest.Wait() }

// wait waits for d, or until ctx ends, which it reports by false. A Timer of the mock clock would not do: to make one
// moves others.
func (b *bubble) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	over := make(chan struct{})
	timer := b.clock.AfterFunc(d, func() { close(over) })
	defer timer.Stop()
	select {
	case <-over:
		return true
	case <-ctx.Done():
		return false
	}
}

func (b *bubble) say(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen.callers = append(b.seen.callers, line{b.now(), what})
}

func (b *bubble) finished(o world.Outcome, err error) {
	b.mu.Lock()
	b.seen.outcomes[o]++
	b.mu.Unlock()
	if err != nil {
		b.fail(err)
	}
}

func (b *bubble) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen.errors = append(b.seen.errors, err)
}

func (b *bubble) panicked(p any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen.panics = append(b.seen.panics, p)
}
