package alf

import (
	"io"
	"net/http"
	"time"
)

// stall is how long an answer whose successor is there may take to arrive before its connection is given up.
const stall = 100 * time.Millisecond

// held is the body of an answer that may still be wanted, and whose connection is better free meanwhile. Its beginning is
// read on a goroutine of its own: a server that stalls in the middle of a 401 must hold up neither the renewal nor the
// request that is sent again. The goroutine ends with that reading, at the latest when the body is closed.
type held struct {
	body  io.ReadCloser // as it came
	done  chan struct{} // closed when whole is set
	whole io.ReadCloser // all of it again, the beginning from memory
}

func hold(body io.ReadCloser, limit int64) *held {
	if body == nil { // from a careless base; http.Client mends that only further up
		body = http.NoBody
	}
	h := &held{body: body, done: make(chan struct{})}
	go func() {
		defer close(h.done)
		_, h.whole = putBack(body, limit)
	}()
	return h
}

// Read reads the body from its first byte on.
func (h *held) Read(p []byte) (int, error) {
	<-h.done
	return h.whole.Read(p)
}

// Close closes the body. What is about to be read is waited for a moment, because a connection whose answer was read to its
// end can be used again.
func (h *held) Close() error {
	timer := time.NewTimer(stall)
	defer timer.Stop()
	select {
	case <-h.done:
		return h.whole.Close()
	case <-timer.C:
		return h.body.Close()
	}
}
