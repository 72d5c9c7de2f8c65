package manager

import (
	"context"
	"iter"

	"github.com/alf-go/alf/internal/core"
)

// Watch returns the current token and then each successor as it is published, for whatever authenticates once and stays
// connected: a message broker, a database, a stream. A loop over it ends when ctx ends or the manager is closed, and
// not before; afterwards, ctx.Err() == nil says that it was the manager.
//
//	for token, err := range m.Watch(ctx) {
//		if err != nil {
//			continue // an outage that outlasted the token; the token that ends it follows
//		}
//		connection.Update(token.Value())
//	}
//
// Of each pair, either the token or the error is nil. A token was usable when it was yielded, and
// [Token.EffectiveExpiry] says until when. An origin that contests a token (see [Manager.TokenFor]) does not take it
// from watchers. A value that the endpoint returns once more is not yielded again. The loop body may take its time: it
// blocks neither the manager nor other watchers, and tokens that were published meanwhile, except for the newest, are
// skipped.
//
// Watching is using (M16): while a token has watchers, its successor is fetched ahead of time. If there is no token,
// one is fetched, and if it is lost in an outage, attempts go on without any caller, one after each backoff (see
// [Policy]). Such an outage is yielded once, as the *[Error] that a caller of Token would get.
//
// No goroutine belongs to a watcher, and nothing of it remains when its loop ends, however it ends. The sequence may be
// used more than once and by several goroutines; each loop is a watcher of its own.
func (m *Manager) Watch(ctx context.Context) iter.Seq2[*Token, error] {
	return func(yield func(*Token, error) bool) {
		w := watcher{entry: &m.entry, ctx: ctx}
		w.run(yield)
	}
}

// watcher is one loop over a token's successors.
type watcher struct {
	*entry
	ctx    context.Context
	seen   *bulletin // the last one that it has acted on
	last   *Token    // the token that it yielded last; nil if that was an error
	failed bool      // it yielded an error last
}

// bulletin is what watchers learn at one moment: that there is another token, or an error. It is immutable, and all
// watchers wait on the same one, whose channel is closed when it is replaced. So what a watcher has missed costs
// nothing, and a slow one holds up no other.
type bulletin struct {
	replaced chan struct{}
	err      error // no token is available, and this is why; nil if one was published
	closed   bool  // the manager is,
	// forgotten: or rather, the pool has removed the token, and another entry takes its place.
	forgotten bool
}

// watch: a watcher joins.
type watch struct{ reply chan<- joined }

// unwatch: a watcher's loop has ended.
type unwatch struct{}

// joined is what a watcher that joins learns. Of the bulletin, only its being replaced concerns it.
type joined struct {
	seen      *bulletin
	err       error
	closed    bool
	forgotten bool
}

// run is the watcher's life: it yields what there is to know, and waits until there is more. It reports whether it has
// ended because a pool has removed the token.
func (w *watcher) run(yield func(*Token, error) bool) (forgotten bool) {
	now, ok := w.join()
	if !ok {
		return false
	}
	defer w.send(unwatch{})
	err, closed := now.err, now.closed
	forgotten = now.forgotten
	w.seen = now.seen
	for !closed && w.ctx.Err() == nil {
		if token, err := w.next(err); (token != nil || err != nil) && !yield(token, err) {
			return false
		}
		select {
		case <-w.seen.replaced:
		case <-w.ctx.Done():
			return false
		}
		w.seen = w.bulletin.Load()
		err, closed, forgotten = w.seen.err, w.seen.closed, w.seen.forgotten
	}
	return forgotten
}

// join has the owner count the watcher.
func (w *watcher) join() (now joined, ok bool) {
	if w.ctx.Err() != nil {
		return now, false
	}
	to := make(chan joined, 1)
	select {
	case w.shard.inbox <- delivery{w.entry, watch{to}}:
		return <-to, true
	case <-w.ctx.Done():
	case <-w.shard.done:
	}
	return now, false
}

// next is what to yield, which may be nothing: the current token if it is usable at this moment and not the last one
// again, and otherwise the error of an outage that has not been yielded.
func (w *watcher) next(err error) (*Token, error) {
	if s := w.current.Load(); s != nil && w.shard.clock.Now().Before(s.end()) {
		if w.last != nil && w.last.id == s.token.id {
			return nil, nil
		}
		w.last, w.failed = s.token, false
		return s.token, nil
	}
	if err == nil || w.failed {
		return nil, nil
	}
	w.last, w.failed = nil, true
	return nil, err
}

// notify lets watchers know what a step has brought, and a watcher that joins how things stand.
func (e *entry) notify(msg message, effects *core.Effects) {
	if e.watchers == 0 {
		e.bulletin.Store(nil)
		return
	}
	if e.bulletin.Load() == nil {
		e.bulletin.Store(&bulletin{replaced: make(chan struct{})})
	}
	switch effects.Notify {
	case core.Serve:
		e.replaceBulletin(bulletin{})
	case core.Failed:
		e.replaceBulletin(bulletin{err: e.failure})
	case core.Shut:
		e.replaceBulletin(bulletin{closed: true, forgotten: e.closedError() == errForgotten})
	}
	if w, ok := msg.(watch); ok {
		now := joined{seen: e.bulletin.Load(), closed: effects.Reply == core.Shut}
		now.forgotten = now.closed && e.closedError() == errForgotten
		if effects.Reply == core.Failed || effects.Notify == core.Failed {
			now.err = e.failure
		}
		w.reply <- now
	}
}

// replaceBulletin publishes a new bulletin. A helper wakes those that wait on the old one, because waking thousands
// takes milliseconds (W4).
func (e *entry) replaceBulletin(b bulletin) {
	b.replaced = make(chan struct{})
	old := e.bulletin.Swap(&b)
	e.shard.handouts.Go(func() { close(old.replaced) })
}
