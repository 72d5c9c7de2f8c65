package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
)

// maxRecorded is how much of a body is kept for sending it again. It stays in memory once per request in flight.
const maxRecorded = 64 << 10

// hasBody reports whether req has a body that could be lost.
func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

// requestBody is a request's body while it may have to be sent again.
type requestBody struct {
	req    *http.Request // the caller's
	replay *replayBuffer // nil: there was nothing to record, or more than would be kept

	settled    bool   // whether the rest is known: the recording has ended
	whole      []byte // what was recorded
	lost       bool   // it is not available again as a whole
	nonceRetry bool   // it was sent again with a DPoP nonce
}

// newRequestBody puts a replay buffer between out's body and the transport, if the body is not available again otherwise.
// Where none is of use the body is left as it is, of a type that the transport may have a faster way for.
func newRequestBody(out, req *http.Request) requestBody {
	if !hasBody(out) || out.GetBody != nil || out.ContentLength > maxRecorded {
		return requestBody{req: req}
	}
	r := &replayBuffer{body: out.Body, length: out.ContentLength}
	out.Body = r
	return requestBody{req: req, replay: r}
}

// stopRecording frees the memory, so that a long-lived response does not keep what was sent.
func (b *requestBody) stopRecording() { b.replay.stop() }

// repeatable reports whether the body is available again, as often as necessary. Its recording ends with that.
func (b *requestBody) repeatable() bool {
	if !b.settled {
		b.settled = true
		if hasBody(b.req) && b.req.GetBody == nil {
			var ok bool
			b.whole, ok = b.replay.whole()
			b.lost = !ok
		}
	}
	return !b.lost
}

// again returns the body of a request that is repeatable once more.
func (b *requestBody) again() (io.ReadCloser, error) {
	switch {
	case !hasBody(b.req):
		return b.req.Body, nil
	case b.req.GetBody != nil:
		body, err := b.req.GetBody()
		if err == nil && body == nil {
			err = errNoBody
		}
		return body, err
	}
	return io.NopCloser(bytes.NewReader(b.whole)), nil
}

var errNoBody = errors.New("alf: the request's GetBody returned neither a body nor an error")

// replayBuffer is a request body that records what was read of it, up to a limit. The transport may still be reading when
// the response is there, hence the lock.
type replayBuffer struct {
	body   io.ReadCloser
	length int64 // Content-Length; 0 or less: not known

	mu      sync.Mutex
	data    []byte
	sawEOF  bool
	stopped bool
}

// Read reads from the body.
func (r *replayBuffer) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.data)+n > maxRecorded {
		r.discard()
	}
	if !r.stopped {
		r.data = append(r.data, p[:n]...)
		r.sawEOF = r.sawEOF || err == io.EOF
	}
	return n, err
}

// Close closes the body. Transports do so before EOF too, when they want no more of it.
func (r *replayBuffer) Close() error { return r.body.Close() }

func (r *replayBuffer) stop() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.discard()
}

func (r *replayBuffer) discard() { r.data, r.stopped = nil, true }

// whole ends the recording and returns it, if it is all of the body: up to Content-Length if that is known (a transport
// need not read on to see the EOF, and an EOF before it is no end), else up to EOF.
func (r *replayBuffer) whole() ([]byte, bool) {
	if r == nil {
		return nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	data := r.data
	ok := !r.stopped && (r.length > 0 && int64(len(data)) == r.length || r.length <= 0 && r.sawEOF)
	r.discard()
	return data, ok
}
