package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/core/routing"
)

// body is the body of a request on its way to the upstream.
type body struct {
	in      *http.Request
	r       io.ReadCloser
	control *http.ResponseController
	trailer http.Header  // of the request that is sent; nil: there can be none
	length  int64        // that was announced
	ended   atomic.Bool  // it was read to its end, or failed
	failed  atomic.Bool  // what the caller sent is no body
	closed  atomic.Bool  // no Read that fails from now on says anything about the caller
	begun   atomic.Bool  // a Read has begun: net/http has told the caller to send, if it waits for that
	read    atomic.Int64 // how much of it
}

// newBody prepares the connection for a response that comes before the request has ended.
func newBody(r *http.Request, control *http.ResponseController) *body {
	if r.ProtoMajor == 1 {
		// HTTP/2 is always so. Otherwise net/http would read the whole request before the first byte of the response.
		_ = control.EnableFullDuplex()
	}
	return &body{in: r, r: r.Body, control: control, length: r.ContentLength}
}

// Read reads what the caller sends.
func (b *body) Read(p []byte) (int, error) {
	b.begun.Store(true)
	n, err := b.r.Read(p)
	if read := b.read.Add(int64(n)); n > 0 && read == b.length {
		b.ended.Store(true) // no Read has to follow that sees the end
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			b.passTrailers()
		} else if !b.closed.Load() {
			b.failed.Store(true)
		}
		b.ended.Store(true)
	}
	return n, err
}

// Close closes what the caller sends.
func (b *body) Close() error {
	b.closed.Store(true)
	return b.r.Close()
}

// isRead reports whether all of it was read.
func (b *body) isRead() bool { return b.ended.Load() }

// trailers gives the request that is sent a trailer of its own: httputil.ReverseProxy copies it before there are
// values. A trailer may be sent wherever the length is unknown, whether it was announced or not.
func (b *body) trailers(out *http.Request) {
	out.Trailer = nil
	if out.ContentLength >= 0 && b.in.ProtoMajor == 1 {
		return
	}
	announced := make(http.Header)
	for name := range b.in.Trailer {
		if routing.MayTrail(name) {
			announced[name] = nil
		}
	}
	if len(announced) > 0 || b.in.ProtoMajor > 1 {
		out.Trailer, b.trailer = announced, announced
	}
}

// passTrailers passes on the values, which are there when the body was read.
func (b *body) passTrailers() {
	if b.trailer == nil {
		return
	}
	for name, values := range b.in.Trailer {
		if routing.MayTrail(name) {
			b.trailer[name] = values
		}
	}
}

// lingerTime is how long a caller has, once it was sent the response, to stop sending a body that nothing reads.
const lingerTime = 500 * time.Millisecond

// end is called when the response was sent. Over HTTP/1.1, net/http now waits for the rest of the request, and so may a
// Read that still runs for the upstream: that must end, whether the caller sends on or not. The connection is closed
// then, since its next bytes belong to this body; not at once, because a caller that still sends would lose the
// response.
func (b *body) end() {
	if b.in.ProtoMajor == 1 && !b.ended.Load() {
		_ = b.control.SetReadDeadline(time.Now().Add(lingerTime))
	}
}

// responseBody is the body of a response to a request that may not have ended.
type responseBody struct {
	io.ReadCloser
	request *body
}

// Close closes the body. Over HTTP/2, net/http waits until the request's body is not read any more, although the
// response is complete and its trailers are here (golang/go#80085): an upstream that ends early would hang until the
// caller sends. So that wait is left to a goroutine, which ends with the request.
func (b *responseBody) Close() error {
	if b.request.ended.Load() {
		return b.ReadCloser.Close()
	}
	go b.ReadCloser.Close()
	return nil
}
