package lab

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

// quiet keeps net/http from reporting the connections that tests break on purpose.
var quiet = log.New(io.Discard, "", 0)

// Guard is an API for tokens of a scheme ("Bearer", "DPoP"). It responds with 200 to a request whose token check finds
// nothing wrong with, and otherwise 401 with a challenge.
func Guard(scheme string, check func(r *http.Request, token string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := errors.New("no token")
		given, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if strings.EqualFold(given, scheme) {
			err = check(r, token)
		}
		if err == nil {
			io.WriteString(w, "ok")
			return
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("%s error=%q, error_description=%q", scheme, "invalid_token", err))
		http.Error(w, err.Error(), http.StatusUnauthorized)
	})
}
