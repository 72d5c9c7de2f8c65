package proxy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// record is what the checker knows of tokens, by what was sent and received, and by what it did itself.
type record struct {
	mu       sync.Mutex
	tokens   map[string]*issued // by value
	requests map[fund]int       // token requests
	first    map[fund]time.Time // when the first was made
	revoked  []time.Time
}

// fund is where a token is kept: a pool, which a reload or a restart may replace, and a target.
type fund struct {
	pool   string
	target string
}

// issued is a token.
type issued struct {
	fund
	at      time.Time // when it was asked for
	arrived time.Time
	life    time.Duration
	revoked time.Time // zero: it was not
}

func newRecord() *record {
	return &record{tokens: make(map[string]*issued), requests: make(map[fund]int), first: make(map[fund]time.Time)}
}

// margin is that of M2.
func margin(life time.Duration) time.Duration { return min(10*time.Second, life/10) }

// usable reports whether a token is from one moment to another.
func (i *issued) usable(from, to time.Time) bool {
	return !i.arrived.After(from) && to.Before(i.at.Add(i.life-margin(i.life))) && (i.revoked.IsZero() || i.revoked.After(to))
}

// revokedBy reports whether it was revoked by then.
func (i *issued) revokedBy(t time.Time) bool { return !i.revoked.IsZero() && !i.revoked.After(t) }

func (l *record) token(value string) *issued {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tokens[value]
}

// hadToken reports whether the token that came last was usable all the time from one moment to another, in each of some
// pools. Those before it are forgotten when it comes.
func (l *record) hadToken(pools []string, target string, from, to time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, pool := range pools {
		var last *issued
		for _, i := range l.tokens {
			if i.fund == (fund{pool, target}) && !i.arrived.After(to) && (last == nil || i.arrived.After(last.arrived)) {
				last = i
			}
		}
		if last == nil || !last.usable(from, to) {
			return false
		}
	}
	return true
}

// revoke notes that all tokens so far are. What has long expired is forgotten.
func (l *record) revoke(now time.Time, only func(value string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revoked = append(l.revoked, now)
	for value, i := range l.tokens {
		if i.revoked.IsZero() && only(value) {
			i.revoked = now
		}
		if now.After(i.at.Add(i.life + time.Hour)) {
			delete(l.tokens, value)
		}
	}
}

// wire is the connection of one pool to the token endpoint.
type wire struct {
	record *record
	pool   string
	next   http.RoundTripper
	issued func(value string) // is called with each token
}

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	f := fund{w.pool, form.Get("audience")}
	w.record.mu.Lock()
	if w.record.requests[f]++; w.record.requests[f] == 1 {
		w.record.first[f] = began
	}
	w.record.mu.Unlock()
	again := req.Clone(req.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := w.next.RoundTrip(again)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(content))
	var token struct {
		Value     string `json:"access_token"`
		ExpiresIn int    `json:"expires_in"`
	}
	if json.Unmarshal(content, &token) == nil && token.Value != "" {
		w.record.mu.Lock()
		i := &issued{fund: f, at: began, arrived: time.Now(), life: time.Duration(token.ExpiresIn) * time.Second}
		for _, at := range w.record.revoked {
			if !at.Before(began) && !at.After(i.arrived) {
				i.revoked = at // the server may have issued it before
			}
		}
		w.record.tokens[token.Value] = i
		w.record.mu.Unlock()
		w.issued(token.Value)
	}
	return resp, nil
}

// last is the value that came last.
func (l *record) last() (value string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for v, i := range l.tokens {
		if i.arrived.After(at) {
			value, at = v, i.arrived
		}
	}
	return value, at
}

// count is how many token requests there were.
func (l *record) count() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, requests := range l.requests {
		n += requests
	}
	return n
}

// revocationsOf is how many times tokens were revoked.
func (l *record) revocationsOf(from, to time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.revoked {
		if !at.Before(from) && !at.After(to) {
			n++
		}
	}
	return n
}

// young returns how many token requests there were for a token, and whether the last one is not to be refreshed soon.
func (l *record) young(f fund, now time.Time) (requests int, young bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var last *issued
	for _, i := range l.tokens {
		if i.fund == f && (last == nil || i.arrived.After(last.arrived)) {
			last = i
		}
	}
	return l.requests[f], last != nil && last.revoked.IsZero() && now.Sub(last.at) < last.life/2
}

// describe lists the tokens of a target that were usable at some time between two, for a violation.
func (l *record) describe(target string, from, to time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, i := range l.tokens {
		if i.target == target && !i.arrived.After(to) && i.at.Add(i.life).After(from) {
			fmt.Fprintf(&b, "\n  token of %s, asked for at %s, arrived %s, lives %v, revoked %s", i.pool, clock(i.at), clock(i.arrived), i.life, clock(i.revoked))
		}
	}
	return b.String()
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format("15:04:05.000")
}
