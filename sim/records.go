package sim

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// kept is how many requests of each kind are remembered at least, and, doubled, at most: a test under load must not run
// out of memory because of them.
const kept = 1 << 16

// TokenRequest is what the token endpoint was asked, and what became of it. It holds neither secret nor token.
type TokenRequest struct {
	// At is when it arrived, on the server's clock.
	At time.Time
	// ClientID is the client it claims to come from; AuthMethod is how it authenticates, as an alf.AuthStyle is
	// spelled: "client_secret_basic" also where the secret was sent raw, "client_assertion" where the client is
	// registered for no assertion, "" if it does not authenticate.
	ClientID, AuthMethod string
	// Audience is what its parameters "audience" and "resource" say (RFC 8707), in order.
	Audience []string
	// DPoP says that it has a proof (RFC 9449), and Certificate that its connection presents a certificate.
	DPoP, Certificate bool
	// Form is its body, without client_secret and client_assertion. Nil if it was no form.
	Form url.Values
	// Status is the response's. 0: there is none yet, or never was, because of [Server.GoDown] or because the client
	// gave up.
	Status int
	// Error is the OAuth error of the response, if it has one (RFC 6749 section 5.2). That of a [Server.Respond] is not
	// known.
	Error string
	// Token is the number of the token it was given, from 1; 0 if none.
	Token int
}

// APIRequest is what the API was asked, and what became of it. It does not hold the token.
type APIRequest struct {
	// At is when it arrived, on the server's clock.
	At time.Time
	// Method, Host and Path are the request's.
	Method, Host, Path string
	// Status is the response's. 0: there is none yet, or never was, because the caller gave up.
	Status int
	// Token is the number of the token it carried, from 1; 0 if none or an unknown one. ClientID and Audience are those
	// of the token request that it came from.
	Token    int
	ClientID string
	Audience []string
	// Refusal is why it was refused, if the API itself was not reached.
	Refusal Refusal
}

// Stats is what was counted since the server was made.
type Stats struct {
	// TokenRequests counts the token requests that arrived, those that got no response included; Tokens the different
	// tokens issued.
	TokenRequests, Tokens int
	// MostAtOnce is the largest number of token requests that were under way at the same time. Over HTTP, one that the
	// client gave up on is under way until the server notices.
	MostAtOnce int
	// Requests counts the requests to the API; Unauthorized those that got a 401, whichever handler sent it; Refused
	// those that were refused before they reached [Options].API.
	Requests, Unauthorized, Refused int
	// Abandoned counts the token requests whose client had gone before the response was ready.
	Abandoned int
	// MetadataRequests and Introspections count the requests for metadata and to the introspection endpoint.
	MetadataRequests, Introspections int
}

// TokenRequests returns what the token endpoint was asked, oldest first: at least the last 65,536.
func (s *Server) TokenRequests() (requests []TokenRequest) {
	s.set(func() { requests = s.records.tokenRequests.copied() })
	for i := range requests {
		form := maps.Clone(requests[i].Form)
		for name, values := range form {
			form[name] = slices.Clone(values)
		}
		requests[i].Form, requests[i].Audience = form, slices.Clone(requests[i].Audience)
	}
	return requests
}

// Requests returns what the API was asked, oldest first: at least the last 65,536.
func (s *Server) Requests() (requests []APIRequest) {
	s.set(func() { requests = s.records.requests.copied() })
	return requests
}

// Stats returns the counts.
func (s *Server) Stats() (stats Stats) {
	s.set(func() {
		stats = s.records.stats
		stats.Tokens = len(s.tokens.byValue)
	})
	return stats
}

// Refusals returns how many requests to the API were refused, by reason.
func (s *Server) Refusals() (counts map[Refusal]int) {
	s.set(func() { counts = maps.Clone(s.records.refusals) })
	return counts
}

// records is what is remembered of the past.
type records struct {
	tokenRequests history[TokenRequest]
	requests      history[APIRequest]
	stats         Stats
	refusals      map[Refusal]int
	underWay      int // token requests
}

// history holds pointers, so that what becomes of a request can be noted when it is known.
type history[R any] []*R

func (h *history[R]) add(entry *R) {
	if len(*h) == 2*kept {
		*h = slices.Clone((*h)[kept:])
	}
	*h = append(*h, entry)
}

func (h history[R]) copied() []R {
	list := make([]R, len(h))
	for i, entry := range h {
		list[i] = *entry
	}
	return list
}

func (s *Server) noteTokenRequest(arrived time.Time, r *http.Request, form url.Values) *TokenRequest {
	// What is wrong with it is found when the response is made.
	p, _ := s.credentials(r, form)
	entry := &TokenRequest{At: arrived, ClientID: p.id, Audience: audiencesOf(form), Form: maps.Clone(form)}
	entry.DPoP, entry.Certificate = r.Header.Get(proofHeader) != "", len(presentedChain(r)) > 0
	delete(entry.Form, "client_secret")
	delete(entry.Form, "client_assertion")
	s.set(func() {
		entry.AuthMethod = s.recordedMethod(r, p)
		s.records.tokenRequests.add(entry)
		s.records.underWay++
		s.records.stats.TokenRequests++
		s.records.stats.MostAtOnce = max(s.records.stats.MostAtOnce, s.records.underWay)
	})
	return entry
}

func (s *Server) noteRequest(r *http.Request) (*APIRequest, time.Duration) {
	entry := &APIRequest{Method: r.Method, Host: r.Host, Path: r.URL.Path}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.At = s.clock.Now()
	s.records.requests.add(entry)
	s.records.stats.Requests++
	return entry, s.apiLatency
}

func (s *Server) noteStatus(entry *APIRequest, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.Status = status
	if status == http.StatusUnauthorized {
		s.records.stats.Unauthorized++
	}
}
