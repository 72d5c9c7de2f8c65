package sim

import (
	"net/http"
	"net/url"
	"strings"
)

// introspect is the introspection endpoint (RFC 7662). The caller authenticates as a client, in the same ways as at the
// token endpoint, or by an access token of this server (section 2.1).
func (s *Server) introspect(w http.ResponseWriter, r *http.Request) error {
	body, err := readForm(r)
	if err != nil {
		return err
	}
	form, refusal := parseForm(r, body)
	s.set(func() { s.records.stats.Introspections++ })
	if refusal == nil {
		refusal = s.mayIntrospect(w, r, form)
	}
	if refusal == nil && form.Get("token") == "" {
		refusal = invalidRequest("there is no token")
	}
	if refusal != nil {
		refusal.write(w, r)
		return nil
	}
	writeJSON(w, http.StatusOK, s.introspection(form.Get("token")))
	return nil
}

// mayIntrospect says why a request is not served; nil: it is.
func (s *Server) mayIntrospect(w http.ResponseWriter, r *http.Request, form url.Values) *oauthError {
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); isTokenScheme(scheme) {
		if v := s.verify(r, w.Header()); v.why != "" {
			return &oauthError{http.StatusUnauthorized, v.code(), v.detail()}
		}
		return nil
	}
	p, refusal := s.credentials(r, form)
	if refusal != nil {
		return refusal
	}
	if _, err := s.authenticate(r, form, p); err != nil {
		return invalidClient(err)
	}
	return nil
}

// introspection is the response of RFC 7662 section 2.2. Of a token that is not active it says nothing else.
func (s *Server) introspection(value string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	tok := s.tokens.byValue[value]
	if tok == nil || tok.revoked || !now.Before(tok.expiry) {
		return map[string]any{"active": false}
	}
	members := tok.claims(s.name)
	members["active"], members["token_type"] = true, tok.bound.tokenType()
	if len(tok.of.audiences()) == 0 {
		delete(members, "aud")
	}
	return members
}
