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
	latest  map[grant]string
	repeat  bool
	learned []time.Time // when the API learns of each new key; the first key of all it knew from the beginning
}

type token struct {
	id      int // from 1
	key     int // index of its key, from 0
	of      grant
	expiry  time.Time
	revoked bool
}

// grant is whom a token is for, and what for.
type grant struct{ client, scope, audience string }

func newGrant(client, scope string, audiences []string) grant {
	return grant{client, scope, strings.Join(audiences, " ")} // identifiers have no spaces
}

func (g grant) audiences() []string { return strings.Fields(g.audience) }

func newTokens(name string) tokens {
	return tokens{name: name, byValue: map[string]*token{}, latest: map[grant]string{}}
}

// issue makes a token. Its value looks random, and is the same in every run.
func (t *tokens) issue(g grant, now time.Time, lifetime time.Duration) (string, *token) {
	tok := &token{id: len(t.byValue) + 1, key: len(t.learned), of: g, expiry: now.Add(lifetime)}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %q", t.name, tok.id, g))
	value := fmt.Sprintf("%s-%d-%x", t.name, tok.id, sum[:12])
	t.byValue[value] = tok
	t.latest[g] = value
	return value, tok
}

// hand returns what a token request gets: a new token, or the one it got before.
func (t *tokens) hand(g grant, now time.Time, lifetime time.Duration) (string, *token) {
	if value := t.latest[g]; t.repeat && value != "" && now.Before(t.byValue[value].expiry) {
		return value, t.byValue[value]
	}
	return t.issue(g, now, lifetime)
}

func (t *tokens) revokeAll() {
	for _, tok := range t.byValue {
		tok.revoked = true
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

// check returns the token of a value, nil if there is none, and why the API refuses it, if it does.
func (t *tokens) check(value string, now time.Time) (tok *token, why Refusal) {
	tok = t.byValue[value]
	switch {
	case tok == nil:
		return nil, Unknown
	case tok.revoked:
		return tok, Revoked
	case !now.Before(tok.expiry):
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
