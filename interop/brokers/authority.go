// Package brokers tries connections that authenticate once and stay open: a message broker, a cache and a queue that
// others wrote, in real time, with tokens of seconds, through a revocation, an outage and recovery (rules W1 to W3).
//
// Its files are examples too: amqp.go, nats.go and redis.go are what a user of these libraries writes.
package brokers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/alf-go/alf"
)

// Authority is an authorization server that issues JWTs of a few seconds and can be down.
type Authority struct {
	// Issued, if set, is called with each token before it is returned: for brokers that have to be notified.
	Issued func(t Issued)

	audience, scope string
	lifetime        time.Duration
	tokens, keys    *httptest.Server
	key             *ecdsa.PrivateKey

	mu       sync.Mutex
	down     bool
	requests int
}

// Issued is a token that was issued.
type Issued struct {
	Name   string // its jti
	Value  string
	Expiry time.Time
}

// NewAuthority starts one, whose tokens last for lifetime.
func NewAuthority(lifetime time.Duration) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &Authority{lifetime: lifetime, scope: "all", key: key}
	a.tokens = httptest.NewServer(http.HandlerFunc(a.token))
	a.keys = httptest.NewTLSServer(http.HandlerFunc(a.jwks))
	return a, nil
}

// Close ends it.
func (a *Authority) Close() {
	a.tokens.Close()
	a.keys.Close()
}

// For names the audience of further tokens.
func (a *Authority) For(audience string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.audience = audience
}

// KeysURL is where the key is that tokens are signed by.
func (a *Authority) KeysURL() string { return a.keys.URL }

// Scope is that of the tokens.
func (a *Authority) Scope() string { return a.scope }

// Config is that of a client.
func (a *Authority) Config() alf.Config {
	return alf.Config{TokenURL: a.tokens.URL, ClientID: "broker-client", ClientSecret: alf.Secret("a secret")}
}

// SetDown begins or ends an outage.
func (a *Authority) SetDown(down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = down
}

// Requests is how many token requests there have been.
func (a *Authority) Requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

func (a *Authority) token(w http.ResponseWriter, _ *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests++
	if a.down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	issued, err := a.issue(fmt.Sprintf("token-%d", a.requests))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if a.Issued != nil {
		a.Issued(issued)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": issued.Value, "token_type": "Bearer", "expires_in": int(a.lifetime.Seconds()),
	})
}

func (a *Authority) issue(name string) (Issued, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: a.jwk()}, nil)
	if err != nil {
		return Issued{}, err
	}
	now := time.Now()
	expiry := now.Add(a.lifetime).Truncate(time.Second)
	value, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": a.tokens.URL, "sub": "broker-client", "client_id": "broker-client", "jti": name, "scope": a.scope, "aud": a.audience,
		"iat": now.Unix(), "exp": expiry.Unix(),
	}).Serialize()
	return Issued{name, value, expiry}, err
}

// Verify returns the name and the expiry of a token, and false if it is none that is valid now.
func (a *Authority) Verify(value string) (Issued, bool) {
	parsed, err := jwt.ParseSigned(value, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return Issued{}, false
	}
	var claims jwt.Claims
	if err := parsed.Claims(&a.key.PublicKey, &claims); err != nil {
		return Issued{}, false
	}
	return Issued{claims.ID, value, claims.Expiry.Time()}, time.Now().Before(claims.Expiry.Time())
}

func (a *Authority) jwk() jose.JSONWebKey {
	return jose.JSONWebKey{Key: a.key, KeyID: "one", Algorithm: "ES256", Use: "sig"}
}

func (a *Authority) jwks(w http.ResponseWriter, _ *http.Request) {
	key := a.jwk()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
}
