package sim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// serveToken is the token endpoint. It fails when the request is to have no response.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) error {
	arrived := s.clock.Now()
	body, err := readForm(r)
	if err != nil {
		return err
	}
	form, malformed := parseForm(r, body)
	entry := s.noteTokenRequest(arrived, r, form)
	defer s.set(func() { s.records.underWay-- })
	if err := s.awaitService(r.Context(), entry); err != nil {
		return err
	}
	handler, latency := s.decide(r, form, malformed, entry)
	if err := s.delay(r.Context(), latency); err != nil {
		return err
	}
	run(handler, w, r, func(status int) { s.set(func() { entry.Status = status }) })
	return nil
}

// decide settles what the response will be; the latency is spent afterwards.
func (s *Server) decide(r *http.Request, form url.Values, malformed *oauthError, entry *TokenRequest) (http.HandlerFunc, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	behaviors := s.behaviors(entry.ClientID, entry.Audience)
	latency := latencyOf(behaviors)
	for _, b := range behaviors {
		if respond := b.nextResponse(s.clock.Now()); respond != nil {
			return respond, latency
		}
	}
	p, refusal := s.examine(r, form, malformed)
	if refusal != nil {
		entry.Error = refusal.code
		return refusal.write, latency
	}
	granted := s.grant(newGrant(p.id, form.Get("scope"), entry.Audience), lifetimeOf(behaviors))
	entry.Token = granted.id
	return granted.write, latency
}

// examine returns the client, and what is wrong with its request.
func (s *Server) examine(r *http.Request, form url.Values, malformed *oauthError) (presented, *oauthError) {
	if malformed != nil {
		return presented{}, malformed
	}
	p, malformed := credentials(r, form)
	switch {
	case malformed != nil:
		return p, malformed
	case p.method == "":
		return p, &oauthError{http.StatusUnauthorized, "invalid_client", "the client does not authenticate"}
	case !s.accepts(p):
		return p, &oauthError{http.StatusUnauthorized, "invalid_client", "the client id or secret is wrong"}
	}
	return p, checkGrant(form)
}

// granted is a response of RFC 6749 section 5.1.
type granted struct {
	id        int
	Token     string      `json:"access_token"`
	Type      string      `json:"token_type"`
	ExpiresIn json.Number `json:"expires_in"`
	Scope     string      `json:"scope,omitempty"`
}

func (s *Server) grant(g grant, lifetime time.Duration) granted {
	now := s.clock.Now()
	value, tok := s.tokens.hand(g, now, lifetime)
	return granted{tok.id, value, "Bearer", expiresIn(tok.expiry.Sub(now)), g.scope}
}

func (g granted) write(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, g) }

// expiresIn is in whole seconds, as the RFC has it. Below one that would be 0, which is another case altogether.
func expiresIn(life time.Duration) json.Number {
	if life.Abs() < time.Second {
		return json.Number(strconv.FormatFloat(life.Seconds(), 'f', -1, 64))
	}
	return json.Number(strconv.FormatInt(int64(life/time.Second), 10))
}
