package sim

import (
	"fmt"
	"io"
	"net/http"
)

// maxDrained is how much net/http reads of a body that its handler left alone.
const maxDrained = 256 << 10

// sentBody is a request's body as a connection carries it: one that is not as long as announced breaks off, and what
// goes wrong with it the client's side hears of.
type sentBody struct {
	body     io.ReadCloser
	length   int64 // announced; -1: not known
	n        int64
	awaited  bool  // not to be sent before it is asked for
	err      error // once it has ended
	released bool
}

func newSentBody(req *http.Request) *sentBody {
	b := &sentBody{body: req.Body, length: req.ContentLength, awaited: req.Header.Get("Expect") == "100-continue"}
	switch {
	case b.body == nil || b.body == http.NoBody:
		b.body, b.length = http.NoBody, 0
	case b.length == 0: // which is how net/http spells it in a request to be sent
		b.length = -1
	}
	return b
}

// Read reads on.
func (b *sentBody) Read(p []byte) (int, error) {
	if b.released {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.err != nil {
		return 0, b.err
	}
	b.awaited = false
	n, err := b.body.Read(p)
	b.n += int64(n)
	if b.length >= 0 && (b.n > b.length || err == io.EOF && b.n < b.length) {
		err = fmt.Errorf("sim: the request's body is not as long as its ContentLength of %d says: correct the one or the other", b.length)
	}
	b.err = err
	return n, err
}

// Close is what the handler may call; the body remains the client's.
func (b *sentBody) Close() error { return nil }

// finish reads what the handler left, so that the client's side knows its request was sent as a whole.
func (b *sentBody) finish() {
	if !b.awaited {
		_, _ = io.CopyN(io.Discard, b, maxDrained) // failed will report it
	}
}

func (b *sentBody) failed() bool { return b.err != nil && b.err != io.EOF }

func (b *sentBody) close() {
	b.released = true
	b.body.Close()
}
