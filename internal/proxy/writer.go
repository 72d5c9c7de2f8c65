package proxy

import (
	"net/http"
	"sync/atomic"
	"time"
)

// writer is the response on its way to the caller, and what is left of the request when it has ended: counters.go and
// accesslog.go have that.
type writer struct {
	http.ResponseWriter
	major   int
	began   time.Time
	body    *body      // of the request; nil: it has none
	status  int        // 0: there is none yet
	sent    int64      // bytes of the body
	route   *forwarder // nil: the request was refused
	empty   bool       // the response has no body
	problem *problem   // what the proxy has responded itself; nil: the upstream has
	timing  *timing    // for the access log; nil: there is none

	// upgraded counts connections of other protocols; nil unless this may become one. switched: it has.
	upgraded *atomic.Int64
	switched bool
}

// WriteHeader withholds what is not the response yet, except 100 and 101, from callers that speak HTTP/1.1: some of
// them take a 103 for the response.
func (w *writer) WriteHeader(status int) {
	if status < 200 && status != http.StatusContinue && status != http.StatusSwitchingProtocols && w.major == 1 {
		return
	}
	if status == http.StatusContinue && w.body != nil && w.body.begun.Load() {
		return // the upstream has taken longer than expectTime, and the caller was told already
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
	}
	if w.major == 1 && status >= 200 && w.body != nil && !w.body.isRead() {
		// The rest of the request may never come, and must not be taken for the next one.
		w.Header().Set("Connection", "close")
	}
	w.ResponseWriter.WriteHeader(status)
}

// FlushError sends what there is. An empty response is not sent before it ends: its head is then its end as well, which
// gRPC requires of a response that consists of trailers alone.
func (w *writer) FlushError() error {
	if w.empty {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Write sends a part of the body.
func (w *writer) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.sent += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController flush and hijack.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
