package proxy

import "net/http"

// writer is the response on its way to the caller.
type writer struct {
	http.ResponseWriter
	major  int
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
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush and hijack.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
