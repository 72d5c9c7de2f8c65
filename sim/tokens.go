package sim

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// tokens are those ever issued, and the keys they are signed with.
type tokens struct {
	name    string
	byValue map[string]*token
	latest  map[handedOut]string
	last    *token
	repeat  bool
	jwt     bool        // they are JSON Web Tokens
	keys    signingKeys // of those
	learned []time.Time // when the API learns of each new key; the first key of all it knew from the beginning
}

type token struct {
	id      int // from 1
	key     int // index of its key, from 0
	of      grant
	bound   binding
	issuer  string
	issued  time.Time
	expiry  time.Time
	revoked bool
}

// handedOut is what tokens have in common of which one may be handed out in place of another.
type handedOut struct {
	grant
	binding
}

// grant is whom a token is for, and what for.
type grant struct{ client, scope, audience string }

func newGrant(client, scope string, audiences []string) grant {
	return grant{client, scope, strings.Join(audiences, " ")} // identifiers have no spaces
}

func (g grant) audiences() []string { return strings.Fields(g.audience) }

func newTokens(name string) tokens {
	return tokens{name: name, byValue: map[string]*token{}, latest: map[handedOut]string{}}
}

// issue makes a token. Its value looks random, and is the same in every run unless it is a JSON Web Token.
func (t *tokens) issue(g grant, b binding, issuer string, now time.Time, lifetime time.Duration) (string, *token) {
	tok := &token{
		id: len(t.byValue) + 1, key: len(t.learned), of: g, bound: b, issuer: issuer, issued: now, expiry: now.Add(lifetime),
	}
	value := ""
	if t.jwt {
		value = t.sign(tok)
	} else {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %q", t.name, tok.id, g))
		value = fmt.Sprintf("%s-%d-%x", t.name, tok.id, sum[:12])
	}
	t.byValue[value] = tok
	t.latest[handedOut{g, b}] = value
	t.last = tok
	return value, tok
}

// hand returns what a token request gets: a new token, or the one it got before.
func (t *tokens) hand(g grant, b binding, issuer string, now time.Time, lifetime time.Duration) (string, *token) {
	if value := t.latest[handedOut{g, b}]; t.repeat && value != "" && now.Before(t.byValue[value].expiry) {
		return value, t.byValue[value]
	}
	return t.issue(g, b, issuer, now, lifetime)
}

func (t *tokens) revokeAll() {
	for _, tok := range t.byValue {
		tok.revoked = true
	}
}

func (t *tokens) revokeLast() {
	if t.last != nil {
		t.last.revoked = true
	}
}

func (t *tokens) revoke(value string) bool {
	tok := t.byValue[value]
	if tok != nil {
		tok.revoked = true
	}
	return tok != nil
}

func (t *tokens) rollKeys(learned time.Time) { t.learned = append(t.learned, learned) }

// knownKey is the one key the API trusts: the newest it has learned of.
func (t *tokens) knownKey(now time.Time) int {
	for key := len(t.learned); key > 0; key-- {
		if !now.Before(t.learned[key-1]) {
			return key
		}
	}
	return 0
}

// check returns the token of a value, nil if there is none, and why the API refuses it, if it does. sent is when the
// request was.
func (t *tokens) check(value string, sent, now time.Time) (tok *token, why Refusal) {
	tok = t.byValue[value]
	switch {
	case tok == nil:
		return nil, Unknown
	case tok.revoked:
		return tok, Revoked
	case !sent.Before(tok.expiry):
		return tok, Expired
	case tok.key != t.knownKey(now):
		return tok, UnknownKey
	}
	return tok, ""
}

// isFor reports whether a token is for an origin, or for no audience in particular.
func (t *token) isFor(host string) bool {
	audiences := t.of.audiences()
	return len(audiences) == 0 || slices.ContainsFunc(audiences, func(a string) bool {
		u, err := url.Parse(a)
		return err == nil && (u.Host == host || u.Host == "" && a == host)
	})
}
