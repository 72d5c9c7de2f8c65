package sim

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// verification is what the API has found out about the token of a request.
type verification struct {
	why   Refusal // "": it is accepted
	token *token  // nil: it is unknown
	proof error   // what is wrong with the DPoP proof
	dpop  bool    // the token was sent, or has to be, with a proof
}

// refusing is how the API refuses.
type refusing struct {
	everything     bool
	otherAudiences bool
	challenges     []string // nil: the default
}

// verify looks at the token of a request: RFC 6750 for all, RFC 9449 section 7 for one that is bound to a key, and RFC
// 8705 section 3 for one that is bound to a certificate. The mutex is not held: a proof is verified here. header gets
// the nonce for the next proof.
func (s *Server) verify(r *http.Request, header http.Header) (v verification) {
	scheme, value, why := tokenOf(r.Header)
	if proving(r) || scheme == "DPoP" {
		// At the end: whether a nonce had been sent is asked about the time before this request.
		defer func() { s.apiProofs.offer(header, r, s.clock.Now()) }()
	}
	if why != "" {
		v.why = why
		return v
	}
	sent := s.sentAt(r)
	presented := binding{certificate: presentedCertificate(r)}
	if v.dpop = scheme == "DPoP"; v.dpop {
		presented.key, v.proof = s.apiProofs.check(r, value, sent, s.clock.Now())
		if errors.Is(v.proof, errNonce) {
			v.why = NonceMissing // whatever the token is
			return v
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v.token, v.why = s.tokens.check(value, sent, s.clock.Now())
	if v.why == "" {
		v.why = v.unbound(presented)
	}
	if v.why == "" && s.refusing.otherAudiences && !v.token.isFor(r.Host) {
		v.why = OtherAudience
	}
	if v.token != nil && v.token.bound.key != "" {
		v.dpop = true
	}
	return v
}

// unbound says why a request may not use its token; "": it shows all that the token is bound to.
func (v *verification) unbound(presented binding) Refusal {
	switch bound := v.token.bound; {
	case bound.key != "" && !v.dpop:
		return OtherScheme
	case v.proof != nil:
		return BadProof
	case bound.key != presented.key:
		return OtherKey
	case bound.certificate != "" && bound.certificate != presented.certificate:
		return OtherCertificate
	}
	return ""
}

// sentAt is when a request was sent, as far as that decides about its token.
func (s *Server) sentAt(r *http.Request) time.Time {
	if s.requestTime != nil {
		if sent := s.requestTime(r); !sent.IsZero() {
			return sent
		}
	}
	return s.clock.Now()
}

// tokenOf finds the token in the Authorization header (RFC 6750 section 2.1, RFC 9449 section 7.1).
func tokenOf(h http.Header) (scheme, value string, why Refusal) {
	values := h.Values("Authorization")
	switch len(values) {
	case 0:
		return "", "", NoToken
	case 1:
		scheme, value, _ := strings.Cut(values[0], " ")
		if !isTokenScheme(scheme) {
			return "", "", NoToken
		}
		if value == "" || strings.ContainsAny(value, " ,") {
			return "", "", Malformed
		}
		if strings.EqualFold(scheme, "DPoP") {
			return "DPoP", value, ""
		}
		return "Bearer", value, ""
	}
	return "", "", Malformed
}

func isTokenScheme(scheme string) bool {
	return strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "DPoP")
}

// code is the error's name in the response (RFC 6750 section 3.1, RFC 9449 section 7.1).
func (v *verification) code() string {
	switch v.why {
	case Malformed:
		return "invalid_request"
	case NonceMissing, BadProof:
		return proofError(v.proof)
	}
	return "invalid_token"
}

// detail says what is wrong.
func (v *verification) detail() string {
	if v.why == BadProof {
		return string(v.why) + ": " + v.proof.Error()
	}
	return string(v.why)
}

// refuse responds with the error of RFC 6750 section 3, unless other challenges are wanted.
func (v *verification) refuse(challenges []string) http.HandlerFunc {
	status, code, detail := http.StatusUnauthorized, v.code(), v.detail()
	if v.why == Malformed {
		status = http.StatusBadRequest
	}
	scheme := "Bearer"
	if v.dpop {
		scheme = "DPoP"
	}
	switch {
	case challenges != nil && v.why != Malformed && v.why != NonceMissing:
		// as they are
	case v.why == NoToken:
		challenges = []string{"Bearer"} // section 3.1: no error code for those who did not try
	default:
		challenges = []string{scheme + ` error="` + code + `"`}
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, challenge := range challenges {
			w.Header().Add("WWW-Authenticate", challenge)
		}
		writeJSON(w, status, oauthBody{code, detail})
	}
}
