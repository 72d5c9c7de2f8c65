package alf

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// maxRecorded is how much of a body is kept for sending it again. It is held in memory once per request in flight.
const maxRecorded = 64 << 10

// hasBody reports whether req has a body that could be lost.
func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

// record puts a recording between out's body and the transport, if the body cannot be had again otherwise. It returns nil
// when there is nothing to record, or more than would be kept: then the body is left as it is, of a type that the transport
// may know a faster way for.
func record(out *http.Request) *recording {
	if !hasBody(out) || out.GetBody != nil || out.ContentLength > maxRecorded {
		return nil
	}
	r := &recording{body: out.Body, length: out.ContentLength}
	out.Body = r
	return r
}

// replay returns what makes the body for sending req again, or false if the body cannot be had again as a whole.
func replay(req *http.Request, r *recording) (func() (io.ReadCloser, error), bool) {
	switch {
	case !hasBody(req):
		return func() (io.ReadCloser, error) { return req.Body, nil }, true
	case req.GetBody != nil:
		return req.GetBody, true
	}
	recorded, ok := r.whole()
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(recorded)), nil }, ok
}

// recording is a request body that remembers what was read of it, up to a limit. The transport may still be reading when
// the answer is there, hence the lock.
type recording struct {
	body   io.ReadCloser
	length int64 // Content-Length; 0 or less: not known

	mu      sync.Mutex
	data    []byte
	sawEOF  bool
	stopped bool
}

// Read reads from the body.
func (r *recording) Read(p []byte) (int, error) {
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
func (r *recording) Close() error { return r.body.Close() }

// stop ends the recording, so that a long-lived answer does not hold on to what was sent.
func (r *recording) stop() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.discard()
}

func (r *recording) discard() { r.data, r.stopped = nil, true }

// whole ends the recording and returns it, if it is all of the body: up to Content-Length if that is known (a transport
// need not read on to see the EOF, and an EOF before it is no end), else up to EOF.
func (r *recording) whole() ([]byte, bool) {
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
