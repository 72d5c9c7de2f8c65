package store

// State is everything that a store keeps about one [ID]. The zero State is that of an ID of which nothing is known.
// Its slices are replaced and never modified, so that a copy of a State is a fork. It is not safe for concurrent use.
type State struct {
	// Epoch is the time at which the store began to know the ID, or more; see [Version]. Zero: it knows nothing.
	Epoch int64 `json:"epoch"`
	// Last is when the state was last changed. The store's time never goes behind it; see [Step].
	Last Time `json:"last"`
	// Fence is that of the last lease. It grows by one with each.
	Fence int64 `json:"fence"`
	// Granted is when the last lease was.
	Granted Time `json:"granted"`

	Record Record    `json:"record"`
	Lease  Lease     `json:"lease"`
	Hold   HoldState `json:"hold"`
	// Trouble is the owner that was the last to meet a connection failure, if no fetch has succeeded since.
	Trouble string `json:"trouble"`

	// Replaced is when the last lease was granted because of a rejection. The next one comes a second later at least,
	// whichever origin rejects (M13).
	Replaced Time `json:"replaced"`
	// Contested are tokens that an API has rejected, the latest one last: up to 16.
	Contested []Digest `json:"contested,omitempty"`
	// Guards are the origins that rejected tokens within the last minute, up to 64, ordered by name.
	Guards []Guard `json:"guards,omitempty"`
}

// Record is a token as the store knows it. Its zero value is none.
type Record struct {
	// Gen is the record's generation; see [Version].
	Gen int64 `json:"gen"`
	// Digest names the token.
	Digest Digest `json:"digest"`
	// Expires is the token's expiry.
	Expires Time `json:"expires"`
	// Published is when the record was published.
	Published Time `json:"published"`
	// Sealed is what only the processes can open. It must not be modified.
	Sealed []byte `json:"sealed,omitempty"`
}

// Lease is the permission to fetch. It has the state's Fence. Its zero value is none.
type Lease struct {
	// Owner is the process that has it. It stays when the lease has ended, because the owner may still publish while
	// no other lease is given out.
	Owner string `json:"owner"`
	// Since is when it began.
	Since Time `json:"since"`
	// Until is when it ends.
	Until Time `json:"until"`
}

// HoldState is the wait after a failure, for all processes (D6). Its zero value is none. Unlike other parts it stays
// until a fetch succeeds, because the next failure counts on.
type HoldState struct {
	// Fence is that of the lease under which the fetch failed.
	Fence int64 `json:"fence"`
	// Until, Class, Behind, Failures and Note are those of the command Hold.
	Until    Time   `json:"until"`
	Class    Class  `json:"class"`
	Behind   bool   `json:"behind"`
	Failures int64  `json:"failures"`
	Note     []byte `json:"note,omitempty"`
}

// Guard is what is known of one origin that rejected tokens (M13). A rejected retry counts once it is certain that
// the token was not to blame: the same token is accepted, or its successor is rejected as well. Then the guard goes
// up. A minute without a rejection forgets everything.
type Guard struct {
	// Origin names the API.
	Origin Digest `json:"origin"`
	// Last is when it last rejected a token, or the guard went up.
	Last Time `json:"last"`

	// Awaited says that the lease in force, or the next record, is also for this origin.
	Awaited bool `json:"awaited"`
	// Trial says that the record was fetched for this origin and that no outcome of it is known.
	Trial bool `json:"trial"`
	// Reports says that an outcome was reported when it was last expected, so that a missing one is on its way.
	Reports bool `json:"reports"`
	// Suspect is the token of which a retry was rejected, if that is not explained yet, and Since when that was.
	Suspect Digest `json:"suspect"`
	Since   Time   `json:"since"`

	// On says that the guard is up: fetches for this origin use up its allowance of eight, which regains one a
	// minute.
	On bool `json:"on"`
	// Whole is when the allowance is whole again.
	Whole Time `json:"whole"`
	// Level counts the fetches for paths that have not accepted a token. Each doubles the wait of the next.
	Level int64 `json:"level"`

	// Note is that of the last command that reported a rejection by the origin and had one.
	Note []byte `json:"note,omitempty"`
}

// version is that of the record.
func (s *State) version() Version { return Version{Epoch: s.Epoch, Gen: s.Record.Gen} }

// contested reports whether an API has rejected the token.
func (s *State) contested(d Digest) bool {
	for _, c := range s.Contested {
		if c == d {
			return true
		}
	}
	return false
}

// Keep is until when a store has to keep the state. A state that is lost later costs nothing: the store then begins a
// new epoch, which is greater. A store may keep it for longer.
func (s *State) Keep() Time {
	keep := max(s.Record.Expires, s.Lease.Until, s.Hold.Until) + MaxHold // a failure counts on for a while after its hold
	for i := range s.Guards {
		keep = max(keep, s.Guards[i].Last+guardMemory)
	}
	return min(keep, MaxNumber)
}
