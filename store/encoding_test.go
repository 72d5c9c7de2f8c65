package store_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/store"
)

// busy is a state with everything in it.
func busy(t testing.TB, guards int) store.State {
	state := store.State{}
	now := start
	do := func(c store.Command) store.Reply {
		r, err := store.Step(state, now, c)
		require.NoError(t, err)
		state, now = r.State, now+10
		return r.Reply
	}
	r := do(acquire(1))
	do(publish(1, r.Grant, 1, now+3_600_000))
	for i := range guards {
		c := acquire(1, rejected(1, 1_000+i), guarded)
		c.Seen, c.Note = r.Grant, bytes.Repeat([]byte{1}, store.MaxNote)
		do(c)
		do(outcome(1, 1_000+i, false, 0))
	}
	now += 5_000
	for i := range store.MaxContested + 3 {
		do(acquire(1, seen(r.Grant), rejected(100+i, 1)))
	}
	r = do(acquire(1, seen(r.Grant), urgent))
	h := hold(1, r.Grant, store.Response, now+5_000, 3)
	h.Note = []byte("why")
	do(h)
	now += 6_000
	do(acquire(2, seen(store.Version{Epoch: r.Grant.Epoch, Gen: 1})))
	return state
}

func TestD3_AStateHasOneEncoding(t *testing.T) {
	state := busy(t, 3)
	text, err := state.AppendBinary([]byte("before"))
	require.NoError(t, err)
	text, found := bytes.CutPrefix(text, []byte("before"))
	require.True(t, found)
	again, err := store.Parse(text)
	require.NoError(t, err)
	require.Equal(t, state, again)

	for what, change := range map[string]func(string) string{
		"nothing":         func(string) string { return "" },
		"cut":             func(s string) string { return s[:len(s)-1] },
		"trailing bytes":  func(s string) string { return s + "\n" },
		"leading bytes":   func(s string) string { return " " + s },
		"twice":           func(s string) string { return s + s },
		"another version": func(s string) string { return strings.Replace(s, `"alf":1`, `"alf":2`, 1) },
		"no version":      func(s string) string { return strings.Replace(s, `"alf":1,`, ``, 1) },
		"a further field": func(s string) string { return strings.Replace(s, `"alf":1,`, `"alf":1,"x":1,`, 1) },
		"a field twice":   func(s string) string { return strings.Replace(s, `"trouble":""`, `"trouble":"a","trouble":""`, 1) },
		"another case":    func(s string) string { return strings.Replace(s, `"trouble"`, `"Trouble"`, 1) },
		"white space":     func(s string) string { return strings.Replace(s, `,`, `, `, 1) },
		"a fraction":      func(s string) string { return strings.Replace(s, `"alf":1`, `"alf":1.0`, 1) },
		"null":            func(string) string { return "null" },
		"another type":    func(string) string { return `{"alf":1,"epoch":"1"}` },
	} {
		_, err := store.Parse([]byte(change(string(text))))
		require.ErrorContains(t, err, "not a state", what)
	}
}

func TestD3_AStateThatStepDoesNotMakeIsRefused(t *testing.T) {
	for what, change := range map[string]func(*store.State){
		"no epoch":                  func(s *store.State) { s.Epoch = 0 },
		"a huge epoch":              func(s *store.State) { s.Epoch = store.MaxNumber + 1 },
		"no time":                   func(s *store.State) { s.Last = 0 },
		"a negative fence":          func(s *store.State) { s.Fence = -1 },
		"a lease from the future":   func(s *store.State) { s.Lease.Since = s.Last + 1 },
		"a lease that is too long":  func(s *store.State) { s.Lease.Until = s.Last + store.MaxLease + 1 },
		"a lease without an owner":  func(s *store.State) { s.Lease.Owner = "" },
		"an owner of another form":  func(s *store.State) { s.Lease.Owner = "a b" },
		"a hold that is too long":   func(s *store.State) { s.Hold.Until = s.Last + store.MaxHold + 60_001 },
		"a hold of no class":        func(s *store.State) { s.Hold.Class = 0 },
		"a record from the future":  func(s *store.State) { s.Record.Published = s.Last + 1 },
		"a record without a lease":  func(s *store.State) { s.Record.Gen = s.Fence + 1 },
		"a record without a digest": func(s *store.State) { s.Record.Digest = "" },
		"an empty record":           func(s *store.State) { s.Record.Sealed = nil },
		"a huge record":             func(s *store.State) { s.Record.Sealed = make([]byte, store.MaxSealed+1) },
		"a record that never ends":  func(s *store.State) { s.Record.Expires = store.MaxNumber + 1 },
		"too many rejected tokens":  func(s *store.State) { s.Contested = append(s.Contested, name(1)) },
		"a rejected token":          func(s *store.State) { s.Contested[0] = "x" },
		"guards in disorder":        func(s *store.State) { s.Guards[0], s.Guards[1] = s.Guards[1], s.Guards[0] },
		"a guard twice":             func(s *store.State) { s.Guards[0] = s.Guards[1] },
		"a guard from the future":   func(s *store.State) { s.Guards[0].Last = s.Last + 1 },
		"a guard of a huge level":   func(s *store.State) { s.Guards[0].Level = 6 },
		"an allowance used up":      func(s *store.State) { s.Guards[0].Whole = s.Last + 8*60_000 + 1 },
		"a huge note":               func(s *store.State) { s.Guards[0].Note = make([]byte, store.MaxNote+1) },
		"too many guards": func(s *store.State) {
			for i := len(s.Guards); i <= store.MaxGuards; i++ {
				s.Guards = append(s.Guards, store.Guard{Origin: name(1_000_000 + i)})
			}
		},
	} {
		state := busy(t, 3)
		change(&state)
		_, err := store.Parse(encode(t, state))
		require.ErrorContains(t, err, "not a state", what)
	}
}

func TestD3_AStateIsBounded(t *testing.T) {
	state := busy(t, store.MaxGuards+20)
	require.Len(t, state.Guards, store.MaxGuards)
	require.Len(t, state.Contested, store.MaxContested)
	require.Less(t, len(encode(t, state)), 64<<10)
}

// anything are commands that some process might send, made for a state so that they concern it.
func anything(s store.State) (all []store.Command) {
	grant := store.Version{Epoch: max(s.Epoch, 1), Gen: max(s.Fence, 1)}
	has := store.Version{Epoch: s.Epoch, Gen: s.Record.Gen}
	all = []store.Command{
		acquire(1), acquire(1, seen(has), urgent), acquire(2, seen(has), manual), acquire(3, rejected(1, 1_000)), acquire(3, seen(has), rejected(1, 1_001), good),
		offer(1, 7, start+100_000), outcome(1, 1_000, true, 5), outcome(1, 1_001, false, 5),
	}
	ends := []store.Command{
		publish(1, grant, 8, start+100_000), hold(1, grant, store.Connection, start, 1), extend(1, grant), release(1, grant),
	}
	for _, c := range ends {
		c.Owner = s.Lease.Owner
		if c.Validate() == nil {
			all = append(all, c)
		}
	}
	return all
}

func FuzzParse(f *testing.F) {
	for guards := range 4 {
		f.Add(encode(f, busy(f, guards)))
	}
	f.Add([]byte(`{"alf":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		state, err := store.Parse(data)
		if err != nil {
			return
		}
		require.Equal(t, data, encode(t, state))
		require.True(t, json.Valid(data))
		// Whatever is in it, no command fails for a reason of its own, and what comes out can be read again.
		for _, now := range []store.Time{state.Last, state.Last - 1_000, state.Last + 70_000, start, 1} {
			for _, c := range anything(state) {
				r, err := store.Step(state, now, c)
				if err != nil {
					var bad *store.FieldError
					require.ErrorAs(t, err, &bad)
					continue
				}
				_, err = store.Parse(encode(t, r.State))
				require.True(t, r.State.Epoch == 0 || err == nil, "%v at %d: %v\n%s", c, now, err, encode(t, r.State))
				require.Less(t, r.Reply.Until, r.Reply.Now+store.MaxHold+60_001)
			}
		}
	})
}

func TestD3_WhatIsLostLaterCostsNothing(t *testing.T) {
	state := busy(t, 3)
	require.GreaterOrEqual(t, state.Keep(), state.Record.Expires)
	r, err := store.Step(store.State{}, state.Keep(), acquire(9, seen(store.Version{Epoch: state.Epoch, Gen: state.Record.Gen})))
	require.NoError(t, err)
	require.Greater(t, r.Reply.Grant.Epoch, state.Epoch)
}

func TestD3_NamesForPeople(t *testing.T) {
	require.Equal(t, "acquire", store.Acquire.String())
	require.Equal(t, "outcome", store.Outcome.String())
	require.Equal(t, "kind 99", store.Kind(99).String())
	require.Equal(t, "fetch", store.Fetch.String())
	require.Equal(t, "reply 99", store.ReplyKind(99).String())
	require.Equal(t, start, store.TimeOf(start.Std()))
}
