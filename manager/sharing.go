package manager

import (
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/sharing"
	"github.com/alf-go/alf/internal/seal"
	"github.com/alf-go/alf/store"
)

// Sharing lets the processes that have the same store, key and identity share one token: they make one token request
// per lifetime between them (D1). A store that does not work costs a token request of this process's own, and never
// fails a caller (D4).
type Sharing struct {
	// Store is where the token is shared. The manager does not close it. Required.
	Store store.Store
	// Key returns the key that names and encryption keys are derived from, of 16 bytes at least, and the previous one
	// while it is being replaced, or nil. It is called off the owner, whenever a token is wanted. Required.
	Key func(ctx context.Context) (current, previous []byte, err error)
	// Identity is everything that the authorization server sees of the token request, part by part. Processes with the
	// same parts share.
	Identity []string
}

// Validate reports everything that makes no sense: the error contains one *[FieldError] for each setting.
func (s *Sharing) Validate() error {
	var problems []error
	if s.Store == nil {
		problems = append(problems, &FieldError{Field: "Store", Problem: "missing", Remedy: "set where the token is shared, such as a file store"})
	}
	if s.Key == nil {
		problems = append(problems, &FieldError{Field: "Key", Problem: "missing", Remedy: "set what returns the key"})
	}
	return errors.Join(problems...)
}

// sharer is what the owner of a shared token keeps for that.
type sharer struct {
	cfg   *Sharing
	owner string
	core  sharing.Core
	keys  atomic.Pointer[keyring] // nil: they have not been read
	known *keyring                // those that the owner goes by

	// The time that has passed for the core. It is that of the wall clock if that is more: the machine may have slept.
	started bool
	last    time.Time
	elapsed time.Duration

	request   request // the fetch that waits to be allowed
	forwarded bool    // it is allowed
	class     store.Class
	published core.Publication // of the token that is held
	timer     *clock.Timer
	alarm     uint64
	ctx       context.Context // ends with the entry
	end       context.CancelFunc
	rewatch   context.CancelFunc // ends the loop that waits for changes; nil: there is none
	giveUp    context.CancelFunc // ends the latest command
	running   atomic.Int32       // commands whose end is not known
	heard     time.Duration      // when it was last reported to the store that an origin rejects tokens
	outcomes  []report           // that wait until the token which they are about is handed in
	counts    SharingStats
	pending   []message     // for this entry, in this step
	handingIn chan struct{} // closed when the last token was handed in; nil: there was none
	closed    bool
}

// SharingStats counts what a manager does with its store.
type SharingStats struct {
	// Adopted is how many tokens came from other processes, and Offered how many were handed in that the store did not
	// have.
	Adopted, Offered uint64
	// Held is how often a failure that another process has met kept this one from fetching, and Alone how many fetches
	// were made without the store.
	Held, Alone uint64
	// Errors is how many commands the store did not carry out, or not in time.
	Errors uint64
}

// request is a fetch that waits to be allowed.
type request struct {
	flight              uint64
	urgent, manual, new bool
}

// pollEvery is how often the store is asked whether it still has the token (D9), and outcomeEvery how often it hears
// of an origin that goes on rejecting (M13).
const (
	pollEvery    = 20 * time.Second
	outcomeEvery = 20 * time.Second
)

// maxRunning is how many commands may run that have not come to an end. A store that never returns gets no more.
const maxRunning = 4

func newSharer(cfg *Sharing, p core.Policy) *sharer {
	if cfg == nil {
		return nil
	}
	s := &sharer{cfg: cfg, owner: rand.Text(), giveUp: func() {}}
	s.ctx, s.end = context.WithCancel(context.Background())
	s.core = s.newCore(p)
	return s
}

func (s *sharer) newCore(p core.Policy) sharing.Core {
	return sharing.New(sharing.Policy{
		Owner: s.owner, AttemptTimeout: p.AttemptTimeout, MinBackoff: p.MinBackoff, MaxBackoff: min(p.MaxBackoff, 10*time.Second), Poll: pollEvery,
	})
}

// sharingOf is how a token of a pool is shared, if its fetcher says so; nil: it is not.
func sharingOf(f Fetcher) *Sharing {
	shared, ok := f.(interface{ Sharing() *Sharing })
	if !ok {
		return nil
	}
	return shared.Sharing()
}

// quiet reports whether nothing goes on for the sake of sharing.
func (s *sharer) quiet() bool { return s == nil || s.core.Quiet() && len(s.pending) == 0 }

// stop ends what runs for the sake of sharing.
func (s *sharer) stop() {
	s.closed, s.pending = true, nil
	s.end()
	time.AfterFunc(sharing.OpTimeout, s.giveUp) // what is handed in, or given back, has until then
	s.alarm++
	if s.timer != nil {
		s.timer.Stop()
	}
}

// handedIn waits until the last token is handed in: a process that lives for one request would else leave nothing
// behind. A store that does not return is not waited for.
func (s *sharer) handedIn() {
	if s == nil || s.handingIn == nil {
		return
	}
	select {
	case <-s.handingIn:
	case <-time.After(sharing.OpTimeout):
	}
}

// readClock moves the time.
func (s *sharer) readClock(now time.Time) {
	if !s.started {
		s.started, s.last = true, now
	}
	s.elapsed += max(now.Sub(s.last), now.Round(0).Sub(s.last.Round(0)), 0)
	s.last = now
}

// keyring are the keys as they were read.
type keyring struct {
	raw, rawPrevious  string
	current, previous *seal.Keys // previous: nil if there is none
}

// readKeys reads the keys again.
func (s *sharer) readKeys(ctx context.Context) (*keyring, error) {
	current, previous, err := s.cfg.Key(ctx)
	if err != nil {
		return nil, err
	}
	if k := s.keys.Load(); k != nil && k.raw == string(current) && k.rawPrevious == string(previous) {
		return k, nil
	}
	k := &keyring{raw: string(current), rawPrevious: string(previous)}
	if k.current, err = seal.Derive(current, s.cfg.Identity); err != nil {
		return nil, err
	}
	if len(previous) > 0 {
		if k.previous, err = seal.Derive(previous, s.cfg.Identity); err != nil {
			return nil, err
		}
	}
	s.keys.Store(k)
	return k, nil
}
