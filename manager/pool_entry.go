package manager

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/pool"
)

// errForgotten is the reply of an entry that a pool has removed. No caller sees it: its handle asks the entry that has
// taken the place of this one.
var errForgotten = errors.New("alf: the token was removed from the pool")

// pooledEntry is a token of a pool. While nothing goes on about it, its core is packed and it has no state (P5).
type pooledEntry struct {
	entry
	key     Key
	fetcher Fetcher
	// used is when a caller used it last, since the pool's epoch, as far as that was noted.
	used  atomic.Int64
	place pool.Place // the pool's, under its lock

	// The rest is the owner's.
	packed string
}

// kept is what few tokens have to keep while they are packed.
type kept struct {
	held     *Token // it is withdrawn, and its value may come again
	rejected *Token // the next fetch learns of it, however late that is
	failure  *Error
	evidence *evidence
	shared   *sharer
}

func newPooledEntry(p *Pool, key Key, f Fetcher) *pooledEntry {
	e := &pooledEntry{key: key, fetcher: f}
	e.inPool.Life = pool.Begin()
	e.shard = p.shards[int(key.hash()>>32)%len(p.shards)]
	e.pooled = e
	e.use(p.clock.Now())
	return e
}

// memberOf is what a token shares with others at its token endpoint, if its fetcher says so; nil: nothing.
func memberOf(f Fetcher) *member {
	shared, ok := f.(interface {
		TokenEndpoint() (endpoint *Endpoint, clientID string)
	})
	if !ok {
		return nil
	}
	endpoint, clientID := shared.TokenEndpoint()
	if endpoint == nil {
		return nil
	}
	return endpoint.member(clientID)
}

// name is what events call the token.
func (e *pooledEntry) name() string {
	if s, ok := e.fetcher.(fmt.Stringer); ok {
		return s.String()
	}
	return ""
}

// use notes that a caller uses the token. To spare the processors' caches, it is noted once a second.
func (e *pooledEntry) use(now time.Time) {
	before := e.used.Load()
	if at := int64(pool.Use(core.Elapsed(before), now.Sub(e.shard.pool.epoch))); at != before {
		e.used.Store(at)
	}
}

// receive handles a message.
func (e *pooledEntry) receive(msg message) {
	if !e.inPool.joined {
		e.inPool.joined = true
		e.shard.entries++
	}
	if e.inPool.Over() {
		e.refuse(msg, e.closedError())
		return
	}
	if _, ok := msg.(look); ok {
		if msg = e.look(); msg == nil {
			return
		}
	}
	if r, ok := msg.(retire); ok {
		e.inPool.Retire(r.why)
		if r.done != nil {
			defer close(r.done)
		}
		if e.packed != "" {
			e.retirePacked()
			return
		}
	}
	e.unpack()
	if msg.sender() != nil {
		e.state.called = e.shard.elapsed
		e.use(e.shard.last)
	}
	e.takeStep(msg)
	e.settle()
}

// retirePacked ends an entry of which nothing goes on, so that the core has nothing to decide.
func (e *pooledEntry) retirePacked() {
	s := e.shard
	e.packed = ""
	if k := s.kept[e]; k.shared != nil {
		k.shared.stop()
	}
	delete(s.kept, e)
	if old := e.current.Swap(nil); old != nil {
		s.counts.count(&core.Event{Kind: core.Withdrawn})
		e.emit(Event{Kind: Withdrawn, Token: old.token.ID(), Time: s.last.Round(0)})
	}
	s.counts.count(&core.Event{Kind: core.WasClosed})
	e.emit(Event{Kind: Closed, Time: s.last.Round(0)})
	e.end(memberOf(e.fetcher))
}

// refuse replies to a message that comes too late.
func (e *pooledEntry) refuse(msg message, err error) {
	switch m := msg.(type) {
	case stats:
		m.reply <- Stats{Closed: true}
	case watch:
		m.reply <- joined{seen: &bulletin{}, closed: true, forgotten: err == errForgotten}
	case admitted:
		memberOf(e.fetcher).giveBack(m.ticket)
	case retire:
		if m.done != nil {
			close(m.done)
		}
	default:
		if to := msg.sender(); to != nil {
			to <- reply{err: err}
		}
	}
}

// look finds out whether the token is still used: from now on the first reader leaves a note. It returns the message
// that follows; nil for none.
func (e *pooledEntry) look() message {
	p := e.shard.pool
	e.noteReads()
	p.mu.Lock()
	outdated := p.members.Forget(e, e.shard.last.Sub(p.epoch))
	if outdated {
		p.counts.forgotten++
	}
	p.mu.Unlock()
	if outdated {
		return retire{why: pool.Forgotten}
	}
	if e.state != nil {
		return look{} // it may be quiet by now
	}
	e.schedule()
	return nil
}

// noteReads notes that the token was read since the last time, no one knows when. From now on the next reader leaves a
// note itself.
func (e *pooledEntry) noteReads() {
	if s := e.current.Load(); s != nil && s.flags.Or(unused)&(unused|wasRead) == wasRead {
		e.use(e.shard.last)
	}
}

// settle is for the end of a step: what is the pool to think of this token, and can it be packed.
func (e *pooledEntry) settle() {
	s := e.shard
	if e.inPool.Over() {
		e.state = nil
		return
	}
	busy, changed := e.inPool.Settle(pool.Standing{
		Resting: e.core.Resting() && e.shared.quiet(), Waiting: len(e.waiting) > 0, Watched: e.watchers > 0, BackingOff: e.core.BackingOff(),
		Called: e.state.called, Now: s.elapsed,
	})
	if changed {
		s.pool.mu.Lock()
		s.pool.members.Settle(e, busy)
		s.pool.mu.Unlock()
	}
	if !busy {
		e.noteReads()
		e.pack()
	}
	e.schedule()
}

// schedule sets the wake time: that of the core, or earlier for a look.
func (e *pooledEntry) schedule() {
	s := e.shard
	var called core.Elapsed
	if e.state != nil {
		called = e.state.called
	}
	at := s.pool.members.Policy().Look(s.elapsed, called, e.state != nil)
	if e.wake.armed {
		at = min(at, e.wake.core)
	}
	s.wakes.set(&e.entry, at)
}

// pack gives up the state.
func (e *pooledEntry) pack() {
	s := e.shard
	e.packed = string(e.core.Pack(s.buffer[:0], s.elapsed))
	k := kept{evidence: e.evidence.lasting(e.core.Elapsed(), e.core.Wall()), shared: e.shared}
	if s := e.current.Load(); s == nil || s.token != e.held {
		k.held = e.held
	}
	k.rejected = e.rejected
	if e.core.BackingOff() {
		k.failure = trimmed(e.failure)
	}
	if k != (kept{}) {
		s.kept[e] = k
	}
	if len(s.spare) < maxSpare {
		*e.state = state{}
		s.spare = append(s.spare, e.state)
	}
	e.state = nil
}

// unpack gets a state for a step.
func (e *pooledEntry) unpack() {
	if e.state != nil {
		return
	}
	s := e.shard
	if n := len(s.spare); n > 0 {
		e.state = s.spare[n-1]
		s.spare = s.spare[:n-1]
	} else {
		e.state = new(state)
	}
	m := memberOf(e.fetcher)
	e.state.fetcher, e.member, e.paced = e.fetcher, m, m != nil
	if e.packed == "" {
		e.shared = newSharer(sharingOf(e.fetcher), s.pool.policy)
		e.core = newCore(s.pool.policy, m, e.shared != nil)
		return
	}
	var end time.Time
	if s := e.current.Load(); s != nil {
		e.held, end = s.token, s.end()
	}
	var packedAt core.Elapsed
	e.core, packedAt = core.Unpack(s.pool.policy, []byte(e.packed), s.last, s.elapsed, end)
	e.wakeBy = e.wake.core - packedAt // elapsed times count from there
	e.packed = ""
	if k, ok := s.kept[e]; ok {
		delete(s.kept, e)
		e.evidence, e.shared = k.evidence, k.shared
		if k.held != nil {
			e.held = k.held
		}
		e.rejected = k.rejected
		if e.failure = k.failure; k.failure != nil {
			e.lastErr = k.failure.Err
		}
	}
}

// maxSpare is how many states an owner keeps for later steps.
const maxSpare = 64

// maxErrorText is how much is kept of an error that no caller has asked for in a minute.
const maxErrorText = 256

// trimmed is a failure without what its error may hold on to.
func trimmed(f *Error) *Error {
	if f == nil {
		return nil
	}
	if _, ok := f.Err.(*trimmedError); ok || f.Err == nil {
		return f
	}
	text := f.Err.Error()
	if len(text) > maxErrorText {
		text = text[:maxErrorText] + "..."
	}
	short := *f
	short.Err = &trimmedError{text: text, timeout: f.Timeout(), abandoned: errors.Is(f.Err, ErrAbandoned), credentials: credentialsOf(f.Err)}
	return &short
}

// trimmedError is what is left of an error.
type trimmedError struct {
	text               string
	timeout, abandoned bool
	// credentials reports when they are corrected, which ends the backoff that the error is kept for (F4). It may be
	// nil.
	credentials credentialsChanged
}

func (e *trimmedError) Error() string        { return e.text }
func (e *trimmedError) Timeout() bool        { return e.timeout }
func (e *trimmedError) Is(target error) bool { return e.abandoned && target == ErrAbandoned }
func (e *trimmedError) Unwrap() error        { return e.credentials }

// closedError is what callers of an entry get that is being closed.
func (e *entry) closedError() error {
	if e.pooled != nil && e.inPool.Reason() == pool.Forgotten {
		return errForgotten
	}
	return ErrClosed
}
