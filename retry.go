package alf

import (
	"context"
	"errors"
	"net/http"
)

// maxHeld is how much of the first answer is kept while its successor is fetched. A 401 has a short body if any; a longer
// one costs its connection.
const maxHeld = 16 << 10

// renew deals with an answer that rejects tok: it has the token replaced, and sends req again, once. It returns the first
// answer, whole, wherever sending again is impossible or pointless, and once the client is closed.
func (t *transport) renew(req *http.Request, first *http.Response, tok *Token, sent *body) (*http.Response, error) {
	t.counters.unauthorized.Add(1)
	rejecter := originOf(req.URL).String()
	if !sent.repeatable() {
		t.counters.unreplayable.Add(1)
		// Others profit from the renewal. That it may be suppressed is of no consequence here.
		_ = t.source.Invalidate(tok, rejecter)
		return first, nil
	}
	if t.closed.Load() {
		return first, nil
	}
	first.Body = hold(first.Body, maxHeld)
	next, err := t.source.Replace(req.Context(), tok, rejecter)
	if errors.Is(err, ErrSuppressed) || errors.Is(err, ErrClosed) || err == nil && next.Same(tok) {
		return first, nil
	}
	var value string
	if err == nil {
		value, err = headerValue(next)
	}
	if err != nil {
		first.Body.Close()
		if ctx := req.Context(); ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	body, err := sent.again()
	if err != nil {
		t.counters.unreplayable.Add(1)
		return first, nil
	}
	first.Body.Close()
	t.counters.resent.Add(1)
	out := authorize(req, value)
	out.Body = body
	second, err := t.exchange(out, sent, next, value)
	if err == nil && second != nil && !t.rejects(second) {
		t.counters.healed.Add(1)
	}
	return second, err
}
