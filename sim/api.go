package sim

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// Refusal is why the API refused a request. The empty one means that it did not.
type Refusal string

// The reasons there are.
const (
	NoToken    Refusal = "there is no token"
	Malformed  Refusal = "the Authorization header is malformed" // 400, as RFC 6750 section 3.1 has it
	Unknown    Refusal = "the token is unknown"
	Expired    Refusal = "the token has expired"
	Revoked    Refusal = "the token is revoked"
	UnknownKey Refusal = "the token is signed with an unknown key"
	// OtherAudience is one of Options.CheckAudience.
	OtherAudience Refusal = "the token is for another audience"
	Rejected      Refusal = "every token is rejected"
)

// refusing is how the API refuses.
type refusing struct {
	everything     bool
	otherAudiences bool
	challenges     []string // nil: the default
}

// serveAPI is the protected API. It fails when the request is to have no response.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) error {
	entry, latency := s.noteRequest(r)
	if latency > 0 {
		bringBody(r)
		if err := s.delay(r.Context(), latency); err != nil {
			return err
		}
	}
	handler := s.api
	if why, challenges := s.check(r, entry); why != "" {
		handler = refuse(why, challenges)
	}
	run(handler, w, r, func(status int) { s.noteStatus(entry, status) })
	return nil
}

// maxBrought is how much of a body is read ahead.
const maxBrought = 64 << 10

// bringBody lets the body arrive while the latency passes: net/http notices that a client has gone only when nothing of
// its request is left.
func bringBody(r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return // reading would ask for the body
	}
	var brought bytes.Buffer
	// If it breaks off, the handler will see that when it reads on.
	_, _ = io.CopyN(&brought, r.Body, maxBrought)
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&brought, r.Body), r.Body}
}

// check looks at the token now, and notes what it finds.
func (s *Server) check(r *http.Request, entry *APIRequest) (Refusal, []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, why := bearer(r.Header)
	if why == "" {
		var tok *token
		tok, why = s.tokens.check(value, s.clock.Now())
		if tok != nil {
			entry.Token, entry.ClientID, entry.Audience = tok.id, tok.of.client, tok.of.audiences()
			if why == "" && s.refusing.otherAudiences && !tok.isFor(r.Host) {
				why = OtherAudience
			}
		}
	}
	if s.refusing.everything {
		why = Rejected
	}
	if why != "" {
		s.records.stats.Refused++
	}
	entry.Refusal = why
	return why, s.refusing.challenges
}

// bearer finds the token in the Authorization header (RFC 6750 section 2.1).
func bearer(h http.Header) (string, Refusal) {
	values := h.Values("Authorization")
	switch len(values) {
	case 0:
		return "", NoToken
	case 1:
		scheme, value, _ := strings.Cut(values[0], " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return "", NoToken
		}
		if value == "" || strings.ContainsAny(value, " ,") {
			return "", Malformed
		}
		return value, ""
	}
	return "", Malformed
}

// refuse responds with the error of RFC 6750 section 3, unless other challenges are wanted.
func refuse(why Refusal, challenges []string) http.HandlerFunc {
	status, code := http.StatusUnauthorized, "invalid_token"
	if why == Malformed {
		status, code = http.StatusBadRequest, "invalid_request"
	}
	switch {
	case challenges != nil && why != Malformed:
		// as they are
	case why == NoToken:
		challenges = []string{"Bearer"} // section 3.1: no error code for those who did not try
	default:
		challenges = []string{`Bearer error="` + code + `"`}
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, challenge := range challenges {
			w.Header().Add("WWW-Authenticate", challenge)
		}
		writeJSON(w, status, oauthBody{code, string(why)})
	}
}

// echo is the default API. The body is read first: HTTP/1 gives no more of it once a response has begun.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // half of it must not look like all of it
	}
	if len(body) == 0 {
		writeJSON(w, http.StatusOK, map[string]bool{"ok": true})
		return
	}
	if contentType := r.Header.Get("Content-Type"); contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	_, _ = w.Write(body) // it fails only if the client has gone
}
