// Package store is how processes share one token: what a store does, and the protocol that they follow (D1 to D8).
//
// A program that only uses a store needs nothing of this package: it takes package filestore, or another
// implementation of [Store], and puts it into its configuration. This package is for those who implement a store, or
// who want to know what one can see. What an implementation does with a command, under a lock or in a script:
//
//	result, err := store.Step(states[id], now, command)
//	if err == nil {
//		states[id] = result.State
//	}
//	return result.Reply, err
//
// # What a store is
//
// A store keeps one [State] for each [ID], and runs one [Command] after another on it. What a command does is decided
// by [Step], a pure function: state, time and command in, new state and reply out. So every store decides alike, and
// the decisions can be tried in every order without a store. An implementation either calls Step under a lock, as
// filestore does, or does the same where its data is, as a script in Redis does, and is compared with Step command by
// command.
//
// A store sees neither a token nor a secret, client or endpoint. It sees names made by keyed hashes ([ID], [Digest])
// and bytes that only the processes can open.
//
// # The protocol
//
// A process that wants a token sends [Acquire]. The reply is a record that it can use ([Have]), or the permission to
// fetch ([Fetch]), or that another process fetches ([Wait]), or that the endpoint must not be contacted for a while
// ([Held]), or that a rejection leads to no fetch ([Suppressed]).
//
// The permission to fetch is a lease: it ends after about a second and a half unless it is prolonged ([Extend]), so
// that a process that dies or stops costs no more than that (D7). It comes with a fence, a number that grows with
// each lease. The fetch ends with [Publish], [Hold] or [Release], which count only if no later lease was given out.
// So a process that was stopped and continues late replaces nothing newer.
//
// A token that was fetched without the store, because that was down, is handed in with [Offer] (D4). [Outcome]
// reports what an API made of a token, which limits fetches for an API that rejects all of them (D5, and M13 in
// PROMISES.md).
//
// # The order of records
//
// Records are ordered by [Version]: the epoch, then the generation, which is the fence of the lease that made the
// record. A store that was emptied, restored or moved to a copy that is behind may know less than a process has seen.
// Each process says what it has seen, and a store that is behind begins a new epoch without a record. So no process
// ever moves back.
//
// # Portability
//
// All numbers are whole, at most [MaxNumber], and times are in milliseconds, so that Step can be written in a
// language that has only floating-point numbers of 64 bits.
package store
