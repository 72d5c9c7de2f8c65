package transport

import (
	"errors"
	"net/http"

	"github.com/alf-go/alf/manager"
)

// maxBuffered401 is how much of the first response is buffered while the successor of its token is fetched. The body of a
// 401 is short if there is any; a longer one occupies its connection meanwhile.
const maxBuffered401 = 16 << 10

// retryUnauthorized handles a response that rejects tok: it has the token replaced, and sends req again, once. It returns the
// first response, complete, wherever sending again is impossible or useless, and once the session is closed.
func (t *Transport) retryUnauthorized(req *http.Request, first *http.Response, tok *manager.Token, body *requestBody) (*http.Response, error) {
	t.Counters.Unauthorized.Add(1)
	origin := originOf(req.URL).String()
	if !body.repeatable() {
		t.Counters.Unreplayable.Add(1)
		// Other requests profit from the successor. Whether the rejection is suppressed does not matter here.
		_ = t.source.Invalidate(tok, origin)
		return first, nil
	}
	if t.closed.Load() {
		return first, nil
	}
	first.Body = bufferBody(first.Body, maxBuffered401)
	next, err := t.source.Replace(req.Context(), tok, origin)
	if errors.Is(err, manager.ErrSuppressed) || errors.Is(err, manager.ErrClosed) || err == nil && next.Same(tok) {
		return first, nil
	}
	var value string
	if err == nil {
		value, err = headerValue(next)
	}
	if err != nil {
		first.Body.Close()
		return nil, contextError(req.Context(), err)
	}
	again, err := body.again()
	if err != nil {
		t.Counters.Unreplayable.Add(1)
		return first, nil
	}
	first.Body.Close()
	t.Counters.Retried.Add(1)
	out := authorize(req, value)
	out.Body = again
	second, err := t.send(out, body, next, value)
	if err == nil && second != nil && !t.rejects(second) {
		t.Counters.RetrySucceeded.Add(1)
	}
	return second, err
}
