package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/store"
)

// start is the time at which the tests begin.
const start store.Time = 1_900_000_000_000

// one is a store with one ID, whose clock the test moves.
type one struct {
	t     *testing.T
	state store.State
	now   store.Time
	last  store.Change
}

func newOne(t *testing.T) *one { return &one{t: t, now: start} }

// pass lets time pass, in milliseconds.
func (o *one) pass(ms int64) { o.now += store.Time(ms) }

// run runs a command that makes sense.
func (o *one) run(c store.Command) store.Result {
	o.t.Helper()
	r, err := store.Step(o.state, o.now, c)
	require.NoError(o.t, err)
	o.state, o.last = r.State, r.Change
	return r
}

// do is run, and checks what holds after each command.
func (o *one) do(c store.Command) store.Reply {
	o.t.Helper()
	was := o.state
	r := o.run(c)
	require.Equal(o.t, r.Change == store.Unchanged, string(encode(o.t, r.State)) == string(encode(o.t, was)), "%v: Change says whether the state is another one", c.Kind)
	if r.State.Epoch > 0 {
		parsed, err := store.Parse(encode(o.t, r.State))
		require.NoError(o.t, err, "%v: %s", c.Kind, encode(o.t, r.State))
		require.Equal(o.t, encode(o.t, r.State), encode(o.t, parsed))
	}
	return r.Reply
}

func encode(t testing.TB, s store.State) []byte {
	t.Helper()
	b, err := s.AppendBinary(nil)
	require.NoError(t, err)
	return b
}

// name is a digest: that of a token or origin with a number.
func name(n int) store.Digest { return store.Digest(fmt.Sprintf("%032x", n)) }

// owner is the name of process i.
func owner(i int) string { return fmt.Sprintf("process-%d", i) }

func acquire(process int, change ...func(*store.Command)) store.Command {
	c := store.Command{Kind: store.Acquire, Owner: owner(process), Lease: store.DefaultLease}
	for _, f := range change {
		f(&c)
	}
	return c
}

func seen(v store.Version) func(*store.Command) { return func(c *store.Command) { c.Seen = v } }

func rejected(token, origin int) func(*store.Command) {
	return func(c *store.Command) { c.Rejected, c.Origin = name(token), name(origin) }
}

func urgent(c *store.Command)  { c.Urgent = true }
func manual(c *store.Command)  { c.Manual = true }
func good(c *store.Command)    { c.Good = true }
func guarded(c *store.Command) { c.Guarded = true }

func publish(process int, grant store.Version, token int, expires store.Time) store.Command {
	return store.Command{
		Kind: store.Publish, Owner: owner(process), Grant: grant, Digest: name(token), Expires: expires,
		Sealed: fmt.Appendf(nil, "sealed %d", token),
	}
}

func offer(process int, token int, expires store.Time, change ...func(*store.Command)) store.Command {
	c := store.Command{Kind: store.Offer, Owner: owner(process), Lease: store.DefaultLease, Digest: name(token), Expires: expires}
	for _, f := range change {
		f(&c)
	}
	return c
}

func extend(process int, grant store.Version) store.Command {
	return store.Command{Kind: store.Extend, Owner: owner(process), Grant: grant, Lease: store.DefaultLease}
}

func release(process int, grant store.Version) store.Command {
	return store.Command{Kind: store.Release, Owner: owner(process), Grant: grant}
}

func hold(process int, grant store.Version, class store.Class, until store.Time, failures int64) store.Command {
	return store.Command{Kind: store.Hold, Owner: owner(process), Grant: grant, Class: class, Until: until, Failures: failures}
}

// outcome is that of a request, sent ms milliseconds ago.
func outcome(token, origin int, accepted bool, ms int64) store.Command {
	return store.Command{Kind: store.Outcome, Digest: name(token), Origin: name(origin), Accepted: accepted, Age: ms}
}

// fetch has a process fetch a token that lives for an hour, and returns the record's version.
func (o *one) fetch(process, token int, change ...func(*store.Command)) store.Version {
	o.t.Helper()
	r := o.do(acquire(process, change...))
	require.Equal(o.t, store.Fetch, r.Kind)
	require.Equal(o.t, store.Done, o.do(publish(process, r.Grant, token, o.now+3_600_000)).Kind)
	return r.Grant
}
