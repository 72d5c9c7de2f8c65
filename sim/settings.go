package sim

import "time"

// SetLifetime sets the lifetime of the tokens issued from now on. It counts from when the token request arrives. The
// response's expires_in is in whole seconds, rounded down, except for lifetimes below one second. A lifetime of 0 or
// less is sent as it is, with a token that has expired already.
func (s *Server) SetLifetime(d time.Duration) { s.set(func() { s.all.lifetime = &d }) }

// SetLatency sets how long the token endpoint takes to respond to the requests that arrive from now on. A token is
// issued, and its life begins, before that: a client that counts from the response's arrival keeps it for too long.
func (s *Server) SetLatency(d time.Duration) { s.set(func() { s.all.latency = &d }) }

// SetAPILatency sets how long the API takes to respond to the requests that arrive from now on. The token is looked at
// after that: one that is revoked or expires while a request is on its way is refused.
func (s *Server) SetAPILatency(d time.Duration) { s.set(func() { s.apiLatency = d }) }

// SetClientSecret replaces the secret that the token endpoint expects of the client of [Options].ClientID. "" makes it
// take any. For others see [Server.AddClient].
func (s *Server) SetClientSecret(secret string) {
	s.set(func() { s.client = newClient(s.client.id, secret) })
}

// Revoke revokes all tokens issued so far, those in responses still under way included.
func (s *Server) Revoke() { s.set(s.tokens.revokeAll) }

// RevokeLast revokes the token that was issued last, those in responses still under way included. Those before it are
// left to expire.
func (s *Server) RevokeLast() { s.set(s.tokens.revokeLast) }

// RevokeToken revokes one token by its value. It reports whether that is a token of this server.
func (s *Server) RevokeToken(value string) (known bool) {
	s.set(func() { known = s.tokens.revoke(value) })
	return known
}

// RollKeys makes the token endpoint sign with a new key from now on. The API learns of that key only after lag, and
// then forgets the one before: until then it refuses the new tokens, afterwards the old ones. The JWKS have the new key
// at once, and the one before until then.
func (s *Server) RollKeys(lag time.Duration) {
	s.set(func() { s.tokens.rollKeys(s.clock.Now().Add(lag)) })
}

// Repeat makes the token endpoint hand out the same token, for the same client, scope and audience, until it expires;
// even if it was revoked, as servers with a cache do.
func (s *Server) Repeat(repeat bool) { s.set(func() { s.tokens.repeat = repeat }) }

// Issue issues a token without a token request, which the API takes like any other: for calling the API directly, and
// for a function passed to [Server.Respond] that puts a valid token into an unusual response.
func (s *Server) Issue(lifetime time.Duration) (value string) {
	issuer := s.Issuer()
	s.set(func() { value, _ = s.tokens.issue(grant{}, binding{}, issuer, s.clock.Now(), lifetime) })
	return value
}

// RejectAll makes the API respond with 401 to every request, whatever its token.
func (s *Server) RejectAll(reject bool) { s.set(func() { s.refusing.everything = reject }) }

// SetChallenge sets the WWW-Authenticate headers of the API's 401s, one per value; without any, they have none. The
// default is `Bearer error="invalid_token"`, and `Bearer` for a request without a token (RFC 6750 section 3).
func (s *Server) SetChallenge(challenges ...string) {
	s.set(func() { s.refusing.challenges = append([]string{}, challenges...) })
}
