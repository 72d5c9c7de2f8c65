package manager

import (
	"context"
	"time"
)

// currentToken is the token that may be sent to any origin; nil if there is none.
func (e *entry) currentToken() *Token {
	s := e.current.Load()
	if s == nil || !s.usable(e.shard.clock.Now(), e, "") || s.flags.Load()&contested != 0 {
		return nil
	}
	return s.token
}

// validFor asks for a token whose effective expiry is that far away.
func (e *entry) validFor(ctx context.Context, min time.Duration) (*Token, error) {
	c := e.shard.clock
	lives := func(s *snapshot) bool { return s != nil && s.end().Sub(c.Now().Round(0)) >= min }
	if s := e.current.Load(); lives(s) && s.usable(c.Now(), e, "") {
		return s.token, nil
	}
	token, err := e.get(ctx, get{minLife: min})
	if err != nil {
		return nil, err
	}
	if s := e.current.Load(); min > 0 && (!lives(s) || !s.token.Same(token)) {
		return nil, errTooShort
	}
	return token, nil
}

// get asks for a token.
func (e *entry) get(ctx context.Context, g get) (*Token, error) {
	return e.ask(ctx, func(to chan<- reply) message { g.reply = to; return g })
}

// ask sends the message of a caller that may have to wait, and counts how long it did.
func (e *entry) ask(ctx context.Context, message func(to chan<- reply) message) (*Token, error) {
	s := e.shard
	start, ended := s.clock.Now(), s.ended()
	to := make(chan reply, 1)
	token, err := e.exchange(ctx, message(to), to)
	if ended || err == errForgotten {
		return token, err // there was nothing to wait for, or the wait goes on elsewhere
	}
	s.waits.add(waitOutcome(ctx, err), max(s.clock.Since(start), 0))
	return token, err
}

// exchange sends a message and waits for the reply to it, or for the end of ctx. The reply's channel has room for it,
// so a caller that has gone leaves no one waiting.
func (e *entry) exchange(ctx context.Context, msg message, from <-chan reply) (*Token, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case e.shard.inbox <- delivery{e, msg}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-e.shard.done:
		return nil, ErrClosed
	}
	select {
	case r := <-from:
		return r.token, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
