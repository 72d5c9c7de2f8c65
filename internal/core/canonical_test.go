package core_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core"
)

// pair is a core and what stands for it, driven by the same inputs. The one runs through from the beginning, under real
// names and times; the other is replaced by its canonical form every now and then.
type pair struct {
	*testing.T
	rng    *rand.Rand
	policy core.Policy

	now      time.Time
	whole    core.Core
	flights  []uint64 // running, by the whole core's names
	current  uint64   // its publication
	wake     core.Elapsed
	armed    bool
	held     bool // a token was published once
	watched  bool
	checking bool   // the credentials are being checked
	queued   uint64 // waits for its admission, by the whole core's name

	canonicalNow time.Time
	canonical    core.Core
	flightIDs    map[uint64]uint64 // from the whole core's names to the canonical one's
	currentID    uint64
}

func newPair(t *testing.T, seed uint64) *pair {
	rng := rand.New(rand.NewPCG(seed, 0))
	policy := core.Policy{Attempts: 1 + rng.IntN(3)}
	if rng.IntN(2) == 0 {
		policy.MaxBackoff = 2 * time.Second
		policy.Margin = time.Second
	}
	policy = policy.WithDefaults()
	c := core.New(policy)
	if rng.IntN(2) == 0 {
		c = core.NewQueued(policy)
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	return &pair{
		T: t, rng: rng, policy: policy, now: start, whole: c,
		canonicalNow: start.Add(time.Hour), canonical: c,
		flightIDs: map[uint64]uint64{},
	}
}

// pass moves both clocks: mostly to a moment at which something happens, or by anything at all; now and then back.
func (w *pair) pass() {
	var d time.Duration
	switch w.rng.IntN(8) {
	case 0, 1, 2:
		if w.armed {
			d = max(w.whole.Left(w.wake), 0)
		}
	case 3:
		d = time.Duration(w.rng.IntN(5)) * 250 * time.Millisecond
	case 4:
		d = time.Duration(w.rng.Int64N(int64(70 * time.Second)))
		if w.rng.IntN(4) > 0 {
			d /= 100
		}
	case 5:
		if w.rng.IntN(10) == 0 {
			d = -time.Duration(w.rng.IntN(5)) * time.Second
		}
	}
	w.now, w.canonicalNow = w.now.Add(d), w.canonicalNow.Add(d)
}

// inputs draws an input, as each of the two has to be sent it.
func (w *pair) inputs() (whole, canonical core.Input) {
	var in core.Input
	in.Read = w.rng.IntN(2) == 0
	if w.rng.IntN(10) == 0 {
		w.watched = !w.watched
	}
	in.Watched = w.watched
	switch w.rng.IntN(20) {
	case 17, 18, 19:
		if w.queued != 0 {
			in.Kind, in.Flight = core.Admitted, w.queued
			if w.rng.IntN(2) == 0 {
				in.Kind, in.For = core.Refuse, time.Duration(w.rng.IntN(3))*time.Second
			}
		}
	case 0, 1:
		in.Kind = core.Get
		in.Origin, in.Path = uint64(w.rng.IntN(3)), uint64(w.rng.IntN(3))
		if w.rng.IntN(5) == 0 {
			in.MinLife = time.Duration(w.rng.IntN(100)) * time.Second
		}
	case 2, 3, 4:
		in.Kind = core.Invalidate
		in.Current = w.current != 0 && w.rng.IntN(4) > 0
		in.Wait = w.rng.IntN(2) == 0
		in.Origin, in.Path = uint64(w.rng.IntN(3)), uint64(w.rng.IntN(3))
	case 12, 13, 14:
		in.Kind = core.ReportOutcome
		in.Current = w.current != 0 && w.rng.IntN(4) > 0
		in.Origin, in.Path = uint64(w.rng.IntN(3)), uint64(w.rng.IntN(3))
		in.Retry, in.Accepted = w.rng.IntN(2) == 0, w.rng.IntN(2) == 0
		in.Age = time.Duration(w.rng.IntN(3)) * time.Second / 4
		if w.rng.IntN(10) == 0 {
			in.Age = time.Duration(w.rng.IntN(100)) * time.Second
		}
	case 15:
		if w.checking {
			w.checking = false
			in.Kind, in.Changed = core.CredentialsChecked, w.rng.IntN(3) == 0
		}
	case 16:
		in.Kind, in.Watched, w.watched = core.Watch, true, true
	case 5:
		if w.rng.IntN(4) == 0 {
			in.Kind = core.Refresh
		}
	case 6, 7, 8:
		if len(w.flights) == 0 {
			break
		}
		i := w.rng.IntN(len(w.flights))
		in.Kind, in.Flight, in.Result = core.Fetched, w.flights[i], w.result()
		w.flights = append(w.flights[:i], w.flights[i+1:]...)
	case 9:
		if !w.armed {
			break
		}
		in.Kind, in.At = core.Wake, w.wake
		if w.rng.IntN(3) == 0 { // a stale one
			in.At -= time.Duration(w.rng.IntN(3)) * time.Second
		}
	case 10:
		in.Kind = core.RefreshHint
		if w.rng.IntN(2) == 0 {
			in.Kind, in.Publication = core.Expire, w.current
		}
	case 11:
		if w.rng.IntN(40) == 0 {
			in.Kind = core.Close
		}
	}
	return in, w.rename(in)
}

func (w *pair) result() core.Result {
	r := core.Result{OK: w.rng.IntN(5) < 3}
	if !r.OK {
		r.Permanent = w.rng.IntN(4) == 0
		r.Recheckable = w.rng.IntN(3) == 0
		if w.rng.IntN(4) == 0 {
			r.EndsRound, r.RetryAfter = true, time.Duration(w.rng.IntN(20))*time.Second
		}
		return r
	}
	lifetimes := []time.Duration{-1, 0, 500 * time.Millisecond, 5 * time.Second, 20 * time.Second, 100 * time.Second}
	r.Expiry = w.now.Add(lifetimes[w.rng.IntN(len(lifetimes))])
	r.Same = w.held && w.rng.IntN(3) == 0
	return r
}

// rename says the same to the canonical core, in its own names and by its own clock.
func (w *pair) rename(in core.Input) core.Input {
	if in.Kind == core.Wake {
		in.At = w.onCanonical(in.At)
	}
	if in.Kind == core.Fetched || in.Kind == core.Admitted || in.Kind == core.Refuse {
		in.Flight = w.flightIDs[in.Flight]
	}
	if in.Kind == core.Expire && in.Publication == w.current {
		in.Publication = w.currentID
	}
	if !in.Result.Expiry.IsZero() {
		in.Result.Expiry = w.canonicalNow.Add(in.Result.Expiry.Sub(w.now))
	}
	return in
}

// onCanonical converts a time elapsed from the one core's beginning to the other's.
func (w *pair) onCanonical(at core.Elapsed) core.Elapsed {
	return w.whole.Left(at) - w.canonical.Left(0)
}

func (w *pair) step() {
	w.pass()
	in, renamed := w.inputs()
	draw := w.rng.Float64()
	got := w.canonical.Step(w.canonicalNow, draw, renamed)
	want := w.whole.Step(w.now, draw, in)
	if want.Enqueue || want.Fetch || want.Unqueue {
		w.queued = 0
	}
	if want.Enqueue {
		w.queued, w.flightIDs[want.Flight] = want.Flight, got.Flight
	}
	if want.Fetch {
		w.flights = append(w.flights, want.Flight)
		w.flightIDs[want.Flight] = got.Flight
	}
	if want.Withdraw || want.Publish {
		w.current, w.currentID = 0, 0
	}
	if want.Publish {
		w.current, w.currentID, w.held = want.Publication.Number, got.Publication.Number, true
	}
	w.wake, w.armed = want.Wake, want.Armed
	w.checking = w.checking || want.CheckCredentials
	requireSame(w.T, relative(&w.whole, w.now, want), relative(&w.canonical, w.canonicalNow, got), in)
	state := w.whole.State()
	if !state.NextAttempt.IsZero() {
		state.NextAttempt = state.NextAttempt.Add(w.canonicalNow.Sub(w.now))
	}
	requireSame(w.T, state, w.canonical.State(), in)
	if !bytes.Equal(w.whole.AppendKey(nil), w.canonical.AppendKey(nil)) {
		requireSame(w.T, w.whole.Canonical(), w.canonical.Canonical(), in)
		w.Fatal("equal canonical forms have different keys")
	}
	require.Equal(w, w.whole.Observes(), w.canonical.Observes())
	for origin := range uint64(3) {
		require.Equal(w, w.whole.Contests(origin), w.canonical.Contests(origin))
	}
}

// swap replaces the canonical core by its canonical form, and with it the names it is sent.
func (w *pair) swap() {
	key := w.canonical.AppendKey([]byte("before"))
	require.Equal(w, "before", string(key[:6]))
	restored, rest := core.FromKey(w.policy, append(key[6:], "after"...))
	require.Equal(w, "after", string(rest))
	requireSame(w.T, w.canonical.Canonical(), restored, core.Input{})
	requireSame(w.T, restored, restored.Canonical(), core.Input{}) // a canonical core stands for itself

	w.canonicalNow = restored.Wall()
	w.canonical = restored
	for _, id := range w.flights {
		w.flightIDs[id] = 0
	}
	if w.queued != 0 {
		w.flightIDs[w.queued] = core.CanonicalID
	}
	if w.whole.State().Fetching {
		w.flightIDs[w.flights[len(w.flights)-1]] = core.CanonicalID
	}
	if w.current != 0 {
		w.currentID = core.CanonicalID
	}
}

// relative is effects without names, as times from now.
func relative(c *core.Core, now time.Time, e core.Effects) core.Effects {
	var zero time.Time
	shift := func(t *time.Time) {
		if !t.IsZero() {
			*t = zero.Add(t.Sub(now.Add(-1))) // never zero itself
		}
	}
	if e.Armed {
		e.Wake = c.Left(e.Wake)
	}
	e.Flight = min(e.Flight, 1)
	p := &e.Publication
	p.Number, p.Token = min(p.Number, 1), min(p.Token, 1)
	for _, t := range []*time.Time{&p.Start, &p.RefreshTime, &p.EffectiveExpiry, &p.Expiry, &e.Failure.Next, &e.Until} {
		shift(t)
	}
	for i := range e.N {
		ev := &e.Events[i]
		ev.Token, ev.Flight = min(ev.Token, 1), min(ev.Flight, 1)
		shift(&ev.Until)
		if ev.Kind == core.LateResult {
			ev.Flight = 0 // as the input named it
		}
	}
	return e
}

// requireSame prints the values, which is slow, only if they differ.
func requireSame[T any](t *testing.T, want, got T, after core.Input) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		require.Equal(t, want, got, "after %+v", after)
	}
}

// A core and its canonical form do the same forever, whatever they are sent, and so their canonical forms stay equal.
func TestCanonical_StandsForTheCore(t *testing.T) {
	walks := 2000
	if testing.Short() || raceDetector { // the core has no goroutine that could race
		walks = 100
	}
	for seed := range uint64(walks) {
		w := newPair(t, seed)
		w.step()
		for range 150 {
			if w.rng.IntN(5) == 0 {
				w.swap()
			}
			w.step()
		}
	}
}

// A core that has done nothing yet does not know the time, and stands for itself.
func TestCanonical_OfANewCore(t *testing.T) {
	c := core.New(core.Policy{}.WithDefaults())
	require.Equal(t, c, c.Canonical())
	restored, rest := core.FromKey(core.Policy{}.WithDefaults(), c.AppendKey(nil))
	require.Empty(t, rest)
	require.Equal(t, c, restored)
}

// What has passed is dropped: an hour in which nothing happened leaves nothing to tell two cores apart, and their keys,
// which are compared instead of them, are equal too.
func TestCanonical_ForgetsWhatHasPassed(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	troubled := core.New(core.Policy{}.WithDefaults())
	troubled.Step(start, 0.5, core.Input{Kind: core.Get})
	troubled.Step(start, 0.5, core.Input{Kind: core.Fetched, Flight: 1, Result: core.Result{OK: true, Expiry: start.Add(50 * time.Minute)}})
	troubled.Step(start, 0.5, core.Input{Kind: core.Invalidate, Current: true, Origin: 7, Wait: true})
	troubled.Step(start, 0.5, core.Input{Kind: core.Fetched, Flight: 2, Result: core.Result{OK: true, Expiry: start.Add(50 * time.Minute)}})
	troubled.Step(start, 0.5, core.Input{Kind: core.Invalidate, Current: true, Origin: 7, Wait: true})
	soon := start.Add(time.Second)
	troubled.Step(soon, 0.5, core.Input{Kind: core.Wake, At: time.Second})
	troubled.Step(soon, 0.5, core.Input{Kind: core.Fetched, Flight: 3, Result: core.Result{OK: true, Expiry: start.Add(50 * time.Minute)}})
	troubled.Step(soon, 0.5, core.Input{Kind: core.ReportOutcome, Current: true, Retry: true, Origin: 7})

	calm := core.New(core.Policy{}.WithDefaults())
	calm.Step(start, 0.5, core.Input{Kind: core.Get})
	calm.Step(start, 0.5, core.Input{Kind: core.Fetched, Flight: 1, Result: core.Result{OK: true, Expiry: start.Add(time.Second)}})
	require.NotEqual(t, troubled.Canonical(), calm.Canonical())

	// A last token for either, so that theirs are no longer sent apart by whom they were fetched for.
	for _, c := range []*core.Core{&troubled, &calm} {
		later := start.Add(time.Hour)
		flight := c.Step(later, 0.5, core.Input{Kind: core.Get}).Flight
		c.Step(later, 0.5, core.Input{Kind: core.Fetched, Flight: flight, Result: core.Result{OK: true, Expiry: later.Add(time.Minute)}})
		c.Step(later.Add(time.Hour), 0.5, core.Input{})
	}
	require.NotEqual(t, troubled, calm)
	require.Equal(t, troubled.Canonical(), calm.Canonical())
	require.Equal(t, calm.AppendKey(nil), troubled.AppendKey(nil))
}
