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
	defer s.set(func() {
		s.records.underWay--
		if r.Context().Err() != nil {
			s.records.stats.Abandoned++
		}
	})
	if err := s.awaitService(r.Context(), entry); err != nil {
		return err
	}
	handler, latency := s.decide(w.Header(), r, form, malformed, entry)
	if err := s.delay(r.Context(), latency); err != nil {
		return err
	}
	run(handler, w, r, func(status int) { s.set(func() { entry.Status = status }) })
	return nil
}

// decide settles what the response will be; the latency is spent afterwards.
func (s *Server) decide(header http.Header, r *http.Request, form url.Values, malformed *oauthError, entry *TokenRequest) (handler http.HandlerFunc, latency time.Duration) {
	var behaviors []*behavior
	s.set(func() {
		behaviors = s.behaviors(entry.ClientID, entry.Audience)
		latency = latencyOf(behaviors)
		for _, b := range behaviors {
			if handler == nil {
				handler = b.nextResponse(s.clock.Now())
			}
		}
	})
	if handler != nil {
		return handler, latency
	}
	c, bound, refusal := s.examine(header, r, form, malformed)
	s.set(func() {
		if refusal != nil {
			entry.Error = refusal.code
			handler = refusal.write
			return
		}
		granted := s.grant(newGrant(c.id, form.Get("scope"), entry.Audience), bound, s.addresses.issuerAt(addressOf(r)), lifetimeOf(behaviors))
		entry.Token = granted.id
		handler = granted.write
	})
	return handler, latency
}

// examine returns the client, what its token is to be bound to, and what is wrong with its request. The mutex is not
// held: signatures are verified here.
func (s *Server) examine(header http.Header, r *http.Request, form url.Values, malformed *oauthError) (c client, bound binding, refusal *oauthError) {
	if malformed != nil {
		return c, bound, malformed
	}
	p, refusal := s.credentials(r, form)
	if refusal != nil {
		return c, bound, refusal
	}
	c, err := s.authenticate(r, form, p)
	c.id = p.id // a client of any id may be known
	if proving(r) || c.registered != nil && c.registered.DPoP {
		// At the end: whether a nonce had been sent is asked about the time before this request.
		defer func() { s.tokenProofs.offer(header, r, s.clock.Now()) }()
	}
	if err != nil {
		return c, bound, invalidClient(err)
	}
	if refusal = checkGrant(form); refusal == nil {
		refusal = c.mayRequest(form)
	}
	if refusal == nil {
		bound, refusal = s.bind(r, c)
	}
	return c, bound, refusal
}

// proving reports whether a request has a DPoP proof.
func proving(r *http.Request) bool { return len(r.Header.Values(proofHeader)) > 0 }

// bind returns what the token is to be bound to: what the request has a proof of.
func (s *Server) bind(r *http.Request, c client) (bound binding, refusal *oauthError) {
	bound.certificate = presentedCertificate(r)
	if !proving(r) && (c.registered == nil || !c.registered.DPoP) {
		return bound, nil
	}
	now := s.clock.Now()
	var err error
	if bound.key, err = s.tokenProofs.check(r, "", now, now); err != nil {
		return bound, &oauthError{http.StatusBadRequest, proofError(err), err.Error()}
	}
	return bound, nil
}

// granted is a response of RFC 6749 section 5.1.
type granted struct {
	id        int
	Token     string      `json:"access_token"`
	Type      string      `json:"token_type"`
	ExpiresIn json.Number `json:"expires_in"`
	Scope     string      `json:"scope,omitempty"`
}

func (s *Server) grant(g grant, bound binding, issuer string, lifetime time.Duration) granted {
	now := s.clock.Now()
	value, tok := s.tokens.hand(g, bound, issuer, now, lifetime)
	return granted{tok.id, value, bound.tokenType(), expiresIn(tok.expiry.Sub(now)), g.scope}
}

func (g granted) write(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, g) }

// expiresIn is in whole seconds, as the RFC has it. Below one that would be 0, which is another case altogether.
func expiresIn(life time.Duration) json.Number {
	if life.Abs() < time.Second {
		return json.Number(strconv.FormatFloat(life.Seconds(), 'f', -1, 64))
	}
	return json.Number(strconv.FormatInt(int64(life/time.Second), 10))
}
