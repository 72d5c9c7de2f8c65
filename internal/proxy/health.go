package proxy

import (
	"net/http"
)

// health serves the probes, and nothing else: its address may be one that other machines can reach. It says nothing
// that an attacker could use.
func (p *Proxy) health() http.Handler {
	mux := http.NewServeMux()
	// ready.go says when it is.
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if p.ready.Load() {
			plain(w, http.StatusOK, "ready")
			return
		}
		plain(w, http.StatusServiceUnavailable, p.life.phase().String())
	})
	// A process that cannot respond here is to be restarted. Whatever else is wrong, that would not help: least of all
	// an outage of the authorization server.
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "alive") })
	return mux
}

// plain responds with a word.
func plain(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
