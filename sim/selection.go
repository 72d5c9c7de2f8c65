package sim

import (
	"net/http"
	"slices"
	"time"
)

// Selection is the token requests of one client, for one audience, or both. What is set for it holds for these requests
// only, in place of what was set for all: that of a client and an audience comes before that of the client alone, which
// comes before that of the audience alone. So a test can let one tenant's requests fail, and see that those of the
// others do not notice.
//
// Make one with [Server.Client] or [Server.Audience], as often as needed. Its methods are safe for concurrent use, and
// what they change holds for the requests that arrive from then on.
type Selection struct {
	server *Server
	which  which
}

// which is what a selection selects. The empty string: any.
type which struct{ client, audience string }

// Client selects the token requests of a client, by its client id.
func (s *Server) Client(id string) Selection { return Selection{s, which{client: id}} }

// Audience selects the token requests for an audience: those that have it in a parameter "audience" or "resource" (RFC
// 8707).
func (s *Server) Audience(audience string) Selection { return Selection{s, which{audience: audience}} }

// Audience narrows a selection to one audience.
func (l Selection) Audience(audience string) Selection {
	l.which.audience = audience
	return l
}

// Client narrows a selection to one client.
func (l Selection) Client(id string) Selection {
	l.which.client = id
	return l
}

// String says what is selected.
func (l Selection) String() string {
	switch w := l.which; {
	case w.audience == "":
		return "client " + w.client
	case w.client == "":
		return "audience " + w.audience
	default:
		return "client " + w.client + ", audience " + w.audience
	}
}

// SetLifetime is [Server.SetLifetime] for the selected requests.
func (l Selection) SetLifetime(d time.Duration) { l.set(func(b *behavior) { b.lifetime = &d }) }

// SetLatency is [Server.SetLatency] for the selected requests.
func (l Selection) SetLatency(d time.Duration) { l.set(func(b *behavior) { b.latency = &d }) }

// GoDown is [Server.GoDown] for the selected requests, as if the network failed for them alone.
func (l Selection) GoDown(d time.Duration) { l.set(func(b *behavior) { l.server.become(b, down, d) }) }

// Unavailable is [Server.Unavailable] for the selected requests.
func (l Selection) Unavailable(d time.Duration) {
	l.set(func(b *behavior) { l.server.become(b, unavailable, d) })
}

// Hang is [Server.Hang] for the selected requests.
func (l Selection) Hang(d time.Duration) { l.set(func(b *behavior) { l.server.become(b, hung, d) }) }

// Hold is [Server.Hold] for the selected requests.
func (l Selection) Hold(d time.Duration) {
	l.set(func(b *behavior) { b.held = l.server.clock.Now().Add(d) })
}

// Respond is [Server.Respond] for the selected requests. It comes before the responses that are queued for all.
func (l Selection) Respond(n int, respond func(w http.ResponseWriter, r *http.Request)) {
	if n > 0 {
		l.set(func(b *behavior) { b.queue = append(b.queue, queued{n, respond}) })
	}
}

// RespondOnce is [Server.RespondOnce] for the selected requests.
func (l Selection) RespondOnce(status int, header http.Header, body string) {
	l.Respond(1, respondWith(status, header, body))
}

// Up ends GoDown, Unavailable, Hang and Hold of the selection and drops the responses still queued for it. What was set
// for all remains.
func (l Selection) Up() { l.set(l.server.recover) }

// Revoke revokes the tokens that the selected requests got.
func (l Selection) Revoke() {
	l.server.set(func() {
		for _, tok := range l.server.tokens.byValue {
			if l.which.matches(tok.of.client, tok.of.audiences()) {
				tok.revoked = true
			}
		}
	})
}

// TokenRequests returns the selected ones of [Server.TokenRequests].
func (l Selection) TokenRequests() []TokenRequest {
	return slices.DeleteFunc(l.server.TokenRequests(), func(r TokenRequest) bool {
		return !l.which.matches(r.ClientID, r.Audience)
	})
}

// Requests returns those of [Server.Requests] that carried a token which the selected token requests got.
func (l Selection) Requests() []APIRequest {
	return slices.DeleteFunc(l.server.Requests(), func(r APIRequest) bool {
		return r.Token == 0 || !l.which.matches(r.ClientID, r.Audience)
	})
}

func (l Selection) set(change func(*behavior)) {
	s := l.server
	s.set(func() {
		b := s.selected[l.which]
		if b == nil {
			b = &behavior{outage: newOutage()}
			s.selected[l.which] = b
		}
		change(b)
	})
}

func (w which) matches(client string, audiences []string) bool {
	return (w.client == "" || w.client == client) && (w.audience == "" || slices.Contains(audiences, w.audience))
}

// behavior is how the token endpoint deals with requests: all of them, or those of a selection.
type behavior struct {
	lifetime, latency *time.Duration // nil: as for others
	outage            outage
	held              time.Time // it asks for a pause until then
	queue             []queued
}

// behaviors are those that apply to a request, the most particular one first. The mutex is held.
func (s *state) behaviors(client string, audiences []string) []*behavior {
	var found []*behavior
	look := func(w which) {
		if b := s.selected[w]; b != nil {
			found = append(found, b)
		}
	}
	for _, audience := range audiences {
		if client != "" && audience != "" {
			look(which{client, audience})
		}
	}
	if client != "" {
		look(which{client: client})
	}
	for _, audience := range audiences {
		if audience != "" {
			look(which{audience: audience})
		}
	}
	return append(found, &s.all)
}

// lifetimeOf and latencyOf are what was set for the most particular behavior. That for all always has both.
func lifetimeOf(all []*behavior) time.Duration {
	i := slices.IndexFunc(all, func(b *behavior) bool { return b.lifetime != nil })
	return *all[i].lifetime
}

func latencyOf(all []*behavior) time.Duration {
	i := slices.IndexFunc(all, func(b *behavior) bool { return b.latency != nil })
	return *all[i].latency
}
