package processes

import (
	"bytes"
	"io"
	"sync"
)

// lockedWriter lets several processes write to what is not safe for concurrent use, a whole line at a time.
type lockedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

// Write writes p.
func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

// lineWriter passes on whole lines, so that those of several processes do not mix.
type lineWriter struct {
	to   io.Writer
	rest []byte
}

// Write passes on the lines that are complete with p.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	if end := bytes.LastIndexByte(w.rest, '\n') + 1; end > 0 {
		if _, err := w.to.Write(w.rest[:end]); err != nil {
			return 0, err
		}
		w.rest = append(w.rest[:0], w.rest[end:]...)
	}
	return len(p), nil
}
