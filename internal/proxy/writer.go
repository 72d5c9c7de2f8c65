package proxy

import "net/http"

// writer is the response on its way to the caller.
type writer struct {
	http.ResponseWriter
	major  int
	body   *body // of the request; nil: it has none
	status int
}

// WriteHeader withholds what is not the response yet, except 100 and 101, from callers that speak HTTP/1.1: some of
// them take a 103 for the response.
func (w *writer) WriteHeader(status int) {
	if status < 200 && status != http.StatusContinue && status != http.StatusSwitchingProtocols && w.major == 1 {
		return
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
	}
	if w.major == 1 && status >= 200 && w.body != nil && !w.body.isRead() {
		// The rest of the request may never come, and must not be taken for the next one: net/http keeps a connection
		// whose body was given up because of a deadline.
		w.Header().Set("Connection", "close")
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush and hijack.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
