package transport

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// stall is how long a response that is to be dropped may take to arrive before its connection is given up.
const stall = 100 * time.Millisecond

// bufferedBody is the body of a response that may still be wanted, while its connection is better free. Its beginning is
// read on a goroutine of its own: a server that stalls in the middle of a 401 must delay neither the fetch nor the retry.
// The goroutine ends with that reading, at the latest when the body is closed.
type bufferedBody struct {
	body  io.ReadCloser // as it came
	done  chan struct{} // closed when whole is set
	whole io.ReadCloser // all of it again, the beginning from memory
}

func bufferBody(body io.ReadCloser, limit int64) *bufferedBody {
	if body == nil { // from a careless base; http.Client repairs that only further up
		body = http.NoBody
	}
	b := &bufferedBody{body: body, done: make(chan struct{})}
	go func() {
		defer close(b.done)
		_, b.whole = peek(body, limit)
	}()
	return b
}

// Read reads the body from its first byte on.
func (b *bufferedBody) Read(p []byte) (int, error) {
	<-b.done
	return b.whole.Read(p)
}

// Close closes the body. It waits a moment for what is about to arrive, because a connection whose response was read to its
// end can be used again.
func (b *bufferedBody) Close() error {
	timer := time.NewTimer(stall)
	defer timer.Stop()
	select {
	case <-b.done:
		return b.whole.Close()
	case <-timer.C:
		return b.body.Close()
	}
}

// peek reads up to limit bytes of a response's body, and returns them and a body that still has all of it. If that was the
// whole body, the real one is closed, so that its connection is free while the caller has not finished with what replaces
// it. An error in reading comes up again where it was.
func peek(body io.ReadCloser, limit int64) ([]byte, io.ReadCloser) {
	end := &endReader{r: body}
	prefix, err := io.ReadAll(io.LimitReader(end, limit))
	switch {
	case err != nil:
		return prefix, &resumedBody{io.MultiReader(bytes.NewReader(prefix), errorReader{err}), body}
	case end.reached:
		body.Close()
		return prefix, io.NopCloser(bytes.NewReader(prefix))
	}
	return prefix, &resumedBody{io.MultiReader(bytes.NewReader(prefix), body), body}
}

// resumedBody is a body whose beginning was read already.
type resumedBody struct {
	io.Reader
	io.Closer
}

// endReader notes whether r reached its end, which a LimitReader in front of it hides.
type endReader struct {
	r       io.Reader
	reached bool
}

func (e *endReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.reached = e.reached || err == io.EOF
	return n, err
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }
