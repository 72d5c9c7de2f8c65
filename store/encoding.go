package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// encodingVersion changes whenever a state of an older program would be misread. Parse refuses all others, so that
// programs of two versions that share a store see nothing of each other.
const encodingVersion = 1

// encoded is a state as it is written.
type encoded struct {
	Version int `json:"alf"`
	State
}

// AppendBinary appends the state to b, for stores that keep it as one value: as JSON, with the version of the
// encoding. The error is always nil.
func (s *State) AppendBinary(b []byte) ([]byte, error) {
	text, err := json.Marshal(encoded{encodingVersion, *s})
	return append(b, text...), err
}

// Parse is the reverse of [State.AppendBinary]. It is strict: it accepts nothing that AppendBinary does not write,
// and no state that [Step] does not make. A store treats data that Parse refuses as missing (D3).
func Parse(data []byte) (State, error) {
	var e encoded
	if err := json.Unmarshal(data, &e); err != nil {
		return State{}, errors.New("not a state: not written by this program")
	}
	if e.Version != encodingVersion {
		return State{}, errors.New("not a state: the encoding has another version")
	}
	if err := e.State.validate(); err != nil {
		return State{}, err
	}
	// There is one way to write a state, so whatever else is in the data makes a difference here.
	if again, err := e.State.AppendBinary(nil); err != nil || !bytes.Equal(again, data) {
		return State{}, errors.New("not a state: written in another way")
	}
	return e.State, nil
}

// validate returns an error unless Step could have made the state. What lies ahead lies within fixed limits of the
// last change, so that no lease and no hold lasts forever.
func (s *State) validate() error {
	past := func(t Time) bool { return t >= 0 && t <= s.Last }
	until := func(t Time, limit Time) bool { return t >= 0 && t <= s.Last+limit && t <= MaxNumber }
	number := func(n, least, most int64) bool { return n >= least && n <= most }
	optional := func(d Digest) bool { return d == "" || d.valid() }
	owner := func(o string) bool { return o == "" || isOwner(o) }
	r, l, h := &s.Record, &s.Lease, &s.Hold
	for _, check := range []struct {
		field string
		right bool
	}{
		{"epoch", number(s.Epoch, 1, MaxNumber)},
		{"last", s.Last.valid()},
		{"fence", number(s.Fence, 0, MaxNumber)},
		{"granted", past(s.Granted)},
		{"replaced", past(s.Replaced)},
		{"trouble", owner(s.Trouble)},
		{"record.gen", number(r.Gen, 0, s.Fence)},
		{"record.digest", r.Digest.valid() == (r.Gen > 0) && optional(r.Digest)},
		{"record.expires", r.Expires.valid() == (r.Gen > 0) && r.Expires >= 0},
		{"record.published", past(r.Published)},
		{"record.sealed", (len(r.Sealed) > 0) == (r.Gen > 0) && len(r.Sealed) <= MaxSealed},
		{"lease.owner", owner(l.Owner) && (l.Owner != "" || *l == Lease{})},
		{"lease.since", past(l.Since)},
		{"lease.until", until(l.Until, MaxLease) && l.Until <= l.Since+MaxTenure},
		{"hold.fence", number(h.Fence, 0, s.Fence)},
		{"hold.until", until(h.Until, MaxHold+holdSlack)},
		{"hold.class", h.Class < classes && (h.Class > 0) == (h.Failures > 0)},
		{"hold.failures", number(h.Failures, 0, MaxFailures)},
		{"hold.note", len(h.Note) <= MaxNote},
		{"contested", len(s.Contested) <= MaxContested && !slices.ContainsFunc(s.Contested, func(d Digest) bool { return !d.valid() })},
		{"guards", len(s.Guards) <= MaxGuards && slices.IsSortedFunc(s.Guards, func(g, h Guard) int {
			return strings.Compare(string(g.Origin), string(h.Origin))
		})},
	} {
		if !check.right {
			return errors.New("not a state: " + check.field + " is out of range")
		}
	}
	for i := range s.Guards {
		g := &s.Guards[i]
		if !g.Origin.valid() || i > 0 && g.Origin == s.Guards[i-1].Origin || !past(g.Last) || !optional(g.Suspect) || !past(g.Since) ||
			!until(g.Whole, allowance*allowanceEvery) || !number(g.Level, 0, maxGuardLevel) || len(g.Note) > MaxNote {
			return errors.New("not a state: a guard is out of range")
		}
	}
	return nil
}
