package fleet

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// batch is for how long events are collected. 200 processes that wrote each of theirs at once would disturb what is
// being timed.
const batch = 30 * time.Millisecond

// reporter writes events.
type reporter struct {
	mu      sync.Mutex
	to      io.Writer
	waiting []byte
	armed   bool
}

// send reports an event, which happened now unless it says when.
func (r *reporter) send(e Event) {
	if e.At == 0 {
		e.At = time.Now().UnixNano()
	}
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // it consists of texts and numbers
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(append(r.waiting, line...), '\n')
	if !r.armed {
		r.armed = true
		time.AfterFunc(batch, r.flush)
	}
}

// flush writes what waits. There is nothing to do about a reader that has gone: standard input has ended as well.
func (r *reporter) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armed = false
	_, _ = r.to.Write(r.waiting)
	r.waiting = r.waiting[:0]
}
