package sim

import (
	"bytes"
	"io"
	"net/http"
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
	// NonceMissing asks for a proof with another nonce; see Server.SetNonces.
	NonceMissing Refusal = "the proof has no fresh nonce of this server"
	// BadProof is about a DPoP proof that is missing or wrong; the body of the response says how.
	BadProof Refusal = "the DPoP proof is missing or wrong"
	// OtherKey and OtherCertificate are about a token that is bound to another key than that of the proof, or to none,
	// and to another certificate than the connection presents.
	OtherKey         Refusal = "the token is not bound to the key of the proof"
	OtherCertificate Refusal = "the token is bound to a certificate that the connection does not present"
	// OtherScheme is about a token that is bound to a key, and was sent as a Bearer token (RFC 9449 section 7.2).
	OtherScheme Refusal = "the token is bound to a key, and was sent without a proof"
)

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
	if v, challenges := s.check(w.Header(), r, entry); v.why != "" {
		handler = v.refuse(challenges)
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
func (s *Server) check(header http.Header, r *http.Request, entry *APIRequest) (v verification, challenges []string) {
	v = s.verify(r, header)
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.token != nil {
		entry.Token, entry.ClientID, entry.Audience = v.token.id, v.token.of.client, v.token.of.audiences()
	}
	if s.refusing.everything {
		v.why = Rejected
	}
	if v.why != "" {
		s.records.stats.Refused++
		s.records.refusals[v.why]++
	}
	entry.Refusal = v.why
	return v, s.refusing.challenges
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
