package proxy

import (
	"net"
	"net/http"

	"github.com/alf-go/alf/internal/core/routing"
)

// admin serves those who operate the proxy. Nothing here is secret, and nothing can be changed over TCP, where every
// user of the machine may connect.
func (p *Proxy) admin(at net.Addr) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/status", http.StatusSeeOther) })
	mux.HandleFunc("GET /status", p.serveStatus)
	mux.HandleFunc("GET /metrics", p.serveMetrics)
	if at.Network() == "unix" {
		// For jobs: the container that does the work ends the one beside it when it has finished.
		mux.HandleFunc("POST /quitquitquit", func(w http.ResponseWriter, _ *http.Request) {
			plain(w, http.StatusOK, "draining")
			select {
			case p.quit <- struct{}{}:
			default:
			}
		})
	}
	return protect(mux, at)
}

// protect refuses what web pages of other sites have a browser send, and names that lead here by DNS rebinding.
func protect(next http.Handler, at net.Addr) http.Handler {
	tcp, isTCP := at.(*net.TCPAddr)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch site := r.Header.Get("Sec-Fetch-Site"); {
		case site != "" && site != "same-origin" && site != "none":
			plain(w, http.StatusForbidden, "requests of other web pages are not served")
			return
		case r.Header.Get("Origin") != "" && site != "same-origin":
			plain(w, http.StatusForbidden, "requests of web pages are not served")
			return
		}
		if isTCP && !servesHost(r.Host, tcp) {
			plain(w, http.StatusMisdirectedRequest, "this host is not served: use localhost or the address")
			return
		}
		h := w.Header()
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// servesHost reports whether a Host header is one of this machine, or the address of the listener.
func servesHost(host string, at *net.TCPAddr) bool {
	name, ok := routing.HostName(host)
	if !ok {
		return false
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && (ip.IsLoopback() || ip.Equal(at.IP))
}
