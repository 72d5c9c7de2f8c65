package apache_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/interop/apache"
)

// issuer is an authorization server as Apache sees it: keys, and a response to those who may introspect a token.
type issuer struct {
	*httptest.Server
	id, secret string

	mu  sync.Mutex
	key jose.JSONWebKey
}

// opened is the one opaque token that the issuer calls active.
const opened = "opens+/="

func newIssuer(t *testing.T, id, secret string) *issuer {
	s := &issuer{id: id, secret: secret}
	s.changeKey(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{s.key.Public()}})
	})
	mux.HandleFunc("/introspect", func(w http.ResponseWriter, req *http.Request) {
		user, password, _ := req.BasicAuth()
		if user, err := url.QueryUnescape(user); err != nil || user != id {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if password, err := url.QueryUnescape(password); err != nil || password != secret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if req.PostFormValue("token") == opened {
			_, _ = io.WriteString(w, `{"active":true,"client_id":"orders"}`)
			return
		}
		_, _ = io.WriteString(w, `{"active":false}`)
	})
	s.Server = httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	return s
}

// trust is how Apache learns of the issuer. It shows the issuer's certificate as its own, so that one client trusts
// both.
func (s *issuer) trust(t *testing.T) apache.Trust {
	own := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	require.NoError(t, err)
	return apache.Trust{
		KeysURL: s.URL + "/keys", IntrospectionURL: s.URL + "/introspect", ID: s.id, Secret: s.secret,
		Certificate: slices.Concat(
			pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}),
			pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
	}
}

// changeKey makes the issuer sign with another key, and publish no other.
func (s *issuer) changeKey(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = jose.JSONWebKey{Key: newKey(t), KeyID: rand.Text(), Algorithm: "ES256", Use: "sig"}
}

// token signs a token for a minute, with further claims.
func (s *issuer) token(t *testing.T, more map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	claims := map[string]any{
		"client_id": "orders", "scope": "stock:read", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	for name, value := range more {
		claims[name] = value
	}
	return sign(t, s.key, nil, claims)
}

// confirmed are the claims that bind a token.
func confirmed(method, thumbprint string) map[string]any {
	return map[string]any{"cnf": map[string]string{method: thumbprint}}
}

// proof shows possession of key for one request with token.
func proof(t *testing.T, key *ecdsa.PrivateKey, method, target, token string, at time.Time) string {
	hash := sha256.Sum256([]byte(token))
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")
	return sign(t, jose.JSONWebKey{Key: key, Algorithm: "ES256"}, options, map[string]any{
		"jti": rand.Text(), "htm": method, "htu": target, "iat": at.Unix(), "ath": encode(hash[:]),
	})
}

func sign(t *testing.T, key jose.JSONWebKey, options *jose.SignerOptions, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	require.NoError(t, err)
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(t, err)
	return text
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func newCertificate(t *testing.T) tls.Certificate {
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func encode(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }
