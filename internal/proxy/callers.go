package proxy

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/alf-go/alf/internal/core/routing"
)

// admits reports whether a request brings the secret of its listener, if that has one: in a header of its own, or, from
// programs that can only be told of a proxy, as Proxy-Authorization: Bearer.
func (l *Listener) admits(r *http.Request) bool {
	if l.CallerSecret == nil {
		return true
	}
	want, err := l.CallerSecret()
	if err != nil || len(want) == 0 {
		return false // a secret that cannot be read admits no caller
	}
	given := r.Header.Get(routing.CallerSecret)
	if given == "" {
		scheme, value, _ := strings.Cut(r.Header.Get("Proxy-Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return false
		}
		given = strings.TrimLeft(value, " ")
	}
	// Digests have one length, so that the time does not depend on that of the secret either.
	a, b := sha256.Sum256(want), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
