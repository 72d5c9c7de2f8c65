package conformance_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
	"github.com/alf-go/alf/sim"
)

// servers is the token endpoint and the APIs of a world. Package sim carries the exchange and knows its tokens; what
// becomes of a request is decided here, as package world decides it: when it comes and when the response is sent.
type servers struct {
	*bubble
	kit *sim.Server

	mu         sync.Mutex
	parameters world.Parameters // as they are
	trouble    world.Trouble
	tokens     map[string]*issued
	last       string // the value handed out last
	keys       int
	rolled     time.Duration
}

type issued struct {
	expires time.Duration
	revoked bool
	keys    int
}

// longer is a lifetime longer than any world: that a token has expired is for us to say.
const longer = 100 * 365 * 24 * time.Hour

func newServers(b *bubble) *servers {
	s := &servers{bubble: b, parameters: b.plan.Parameters, tokens: map[string]*issued{}}
	s.kit = sim.New(sim.Options{Clock: b.clock, ClientID: clientID, ClientSecret: clientSecret, API: http.HandlerFunc(s.api)})
	s.kit.Respond(1<<30, s.token)
	return s
}

// responsePlan is what will become of a token request, decided when it comes.
type responsePlan struct {
	latency    time.Duration
	trouble    world.Trouble
	retryAfter time.Duration
}

func (s *servers) planResponse() (f responsePlan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, now := &s.parameters, s.now()
	f = responsePlan{latency: s.draw.about(now, k.Latency), trouble: s.trouble}
	switch f.trouble {
	case world.Refusing:
		f.latency = time.Millisecond
	case world.Hanging:
		f.latency = time.Hour
	case world.Crawling:
		f.latency = s.draw.between(now, 4*time.Second, 20*time.Second)
	case world.Throttling, world.Overloaded:
		f.retryAfter = s.draw.about(now, k.RetryAfter)
	}
	if s.draw.chance(now, k.Slow) {
		f.latency += s.draw.between(now, time.Second, 9*time.Second)
	}
	if s.draw.chance(now, k.Stuck) {
		f.latency = min(f.latency, time.Minute) + s.draw.between(now, 5*time.Second, time.Minute)
	}
	return f
}

// stuck reports whether a fetch that starts now will ignore its cancellation. The fetcher never does that; what wraps
// it may.
func (s *servers) stuck() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draw.chance(s.now(), s.parameters.Stuck)
}

// token is the token endpoint.
func (s *servers) token(w http.ResponseWriter, r *http.Request) {
	begun := s.now()
	f := s.planResponse()
	if !s.wait(r.Context(), f.latency) {
		s.wait(context.Background(), s.draw.between(s.now(), 0, 5*time.Millisecond))
		panic(http.ErrAbortHandler)
	}
	switch f.trouble {
	case world.Refusing, world.Hanging:
		panic(http.ErrAbortHandler)
	case world.Throttling:
		refuse(w, r, http.StatusTooManyRequests, f.retryAfter, "slow_down")
	case world.Overloaded:
		refuse(w, r, http.StatusServiceUnavailable, f.retryAfter, "temporarily_unavailable")
	case world.Denying:
		refuse(w, r, http.StatusUnauthorized, 0, "invalid_client")
	case world.Garbling:
		fmt.Fprintf(w, "<html>%s said %s</html>", clientID, r.Header.Get("Authorization"))
	default:
		s.issue(w, begun)
	}
}

// refuse responds with an OAuth error that repeats what it was sent, as careless servers do.
func refuse(w http.ResponseWriter, r *http.Request, status int, retryAfter time.Duration, code string) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, secret, _ := r.BasicAuth()
	fmt.Fprintf(w, `{"error":%q,"error_description":"no to %s with %s"}`, code, secret, r.Header.Get("Authorization"))
}

// issue responds with a token. It is made now, and its life counts from when it was asked for.
func (s *servers) issue(w http.ResponseWriter, begun time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, now := &s.parameters, s.now()
	if t := s.tokens[s.last]; k.Repeat && t != nil && now < t.expires && (!t.revoked || k.StaleRepeat) {
		grant(w, s.last, seconds(t.expires-now), "")
		return
	}
	life, said := k.Lifetime, seconds(k.Lifetime)
	switch {
	case s.draw.chance(now, k.ExpiredOnArrival):
		life = []time.Duration{0, -time.Second, -time.Hour}[s.draw.below(now, 3)]
		said = seconds(life)
	case s.draw.chance(now, k.NoLifetime):
		life, said = 5*time.Minute, ""
		if s.draw.chance(now, 0.3) {
			life = 10000 * 24 * time.Hour
			said = seconds(life)
		}
	}
	advice := ""
	if s.draw.chance(now, k.RefreshIn) {
		advice = seconds(s.draw.about(now, k.Lifetime/2))
	}
	if k.OneActive {
		for _, t := range s.tokens {
			t.revoked = true
		}
	}
	s.last = s.kit.Issue(longer)
	s.tokens[s.last] = &issued{expires: begun + life, keys: s.keys}
	grant(w, s.last, said, advice)
}

// grant responds as RFC 6749 section 5.1 has it. What is empty is left out.
func grant(w http.ResponseWriter, value, expiresIn, refreshIn string) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer"`, value)
	if expiresIn != "" {
		fmt.Fprintf(w, `,"expires_in":%s`, expiresIn)
	}
	if refreshIn != "" {
		fmt.Fprintf(w, `,"refresh_in":%s`, refreshIn)
	}
	fmt.Fprint(w, "}")
}

// seconds writes d so that, read as a floating-point number of seconds and cut off at the nanosecond, it is d again.
func seconds(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10)
	}
	return fmt.Sprintf("%d.%09d3", d/time.Second, d%time.Second)
}

// api is all APIs. A request says by its path by how many nanoseconds its caller differs.
func (s *servers) api(w http.ResponseWriter, r *http.Request) {
	sent := s.now()
	path := int(r.URL.Path[1] - 'a')
	own, _ := strconv.Atoi(r.URL.Path[len("/a/"):])
	s.mu.Lock()
	latency := s.draw.about(sent, s.parameters.API)
	if sent < s.plan.Duration && s.draw.chance(sent, s.parameters.Late) {
		latency = s.draw.between(sent, time.Second, time.Minute)
	}
	s.mu.Unlock()
	s.wait(context.Background(), latency+time.Duration(own))
	if !s.accepts(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), r.Host, path, sent) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// accepts reports whether an API takes a token that was sent to it at that time.
func (s *servers) accepts(value, host string, path int, sent time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, now, k := s.tokens[value], s.now(), &s.parameters
	if host == apiHost(0) && (k.AlwaysReject || path < k.DeniedPaths || k.Introspects && s.trouble != world.Healthy || s.draw.chance(now, k.BadReplicas)) {
		return false
	}
	switch {
	case t == nil, t.revoked, sent >= t.expires:
		return false
	case s.keys > 0 && now < s.rolled+s.parameters.KeyLag:
		return t.keys < s.keys
	}
	return t.keys == s.keys
}

func apiHost(api int) string { return fmt.Sprintf("api-%d.example", api) }

func (s *servers) setTrouble(t world.Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = t
}

func (s *servers) revokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		t.revoked = true
	}
}

func (s *servers) rollKeys() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys++
	s.rolled = s.now()
}

// endFaults switches every fault off.
func (s *servers) endFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &s.parameters
	s.trouble = world.Healthy
	k.Slow, k.Stuck, k.ExpiredOnArrival, k.NoLifetime, k.Late = 0, 0, 0, 0, 0
	k.Repeat, k.StaleRepeat, k.AlwaysReject = false, false, false
	k.Introspects, k.DeniedPaths, k.BadReplicas, k.OneActive = false, 0, 0, false
	k.KeyLag, k.RetryAfter, k.Patience = 0, 0, 0
	k.Latency = min(k.Latency, k.Lifetime/10)
}
