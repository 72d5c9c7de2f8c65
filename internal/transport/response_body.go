package transport

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"
)

// stall is how long a response that is to be dropped may take to arrive before its connection is given up.
const stall = 100 * time.Millisecond

// bufferedBody is the body of a response that may still be wanted, while its connection is better free. Its beginning is read
// on a goroutine of its own: a server that stalls in the middle of a 401 must delay neither the fetch nor the retry. The
// goroutine ends when the limit or the end is reached, at the latest when the body is closed. What it has read can be read
// meanwhile: a body that streams is passed on as it arrives.
type bufferedBody struct {
	body io.ReadCloser // as it came

	mu     sync.Mutex
	more   sync.Cond     // signals that data, full or err changed
	data   []byte        // what was read, and is not passed on yet
	full   bool          // the limit was reached: the rest is read by the caller
	err    error         // what the reading ended with; io.EOF at the end
	filled chan struct{} // closed when the goroutine has ended
}

func bufferBody(body io.ReadCloser, limit int) *bufferedBody {
	if body == nil { // from a careless base; http.Client repairs that only further up
		body = http.NoBody
	}
	b := &bufferedBody{body: body, filled: make(chan struct{})}
	b.more.L = &b.mu
	go b.fill(limit)
	return b
}

func (b *bufferedBody) fill(limit int) {
	defer close(b.filled)
	buffer := make([]byte, min(limit, 4<<10))
	for {
		n, err := b.body.Read(buffer[:min(limit, len(buffer))])
		limit -= n
		if err == io.EOF {
			b.body.Close() // so that its connection is free
		}
		b.mu.Lock()
		b.data = append(b.data, buffer[:n]...)
		b.err, b.full = err, limit == 0
		b.more.Broadcast()
		b.mu.Unlock()
		if err != nil || limit == 0 {
			return
		}
	}
}

// Read reads the body from its first byte on.
func (b *bufferedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	for len(b.data) == 0 && b.err == nil && !b.full && len(p) > 0 {
		b.more.Wait()
	}
	if len(b.data) > 0 {
		n := copy(p, b.data)
		b.data = b.data[n:]
		b.mu.Unlock()
		return n, nil
	}
	err := b.err
	b.mu.Unlock()
	if err != nil || len(p) == 0 {
		return 0, err
	}
	return b.body.Read(p)
}

// Close closes the body. It waits a moment for what is about to arrive, because a connection whose response was read to its
// end can be used again.
func (b *bufferedBody) Close() error {
	timer := time.NewTimer(stall)
	defer timer.Stop()
	select {
	case <-b.filled:
	case <-timer.C:
	}
	return b.body.Close()
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
