package oidcprovider

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// assertion is a client's JWT about itself.
func assertion(t *testing.T, c *client, with credentials, audience string) string {
	now := time.Now().Unix()
	return signJWT(t, c.alg, privateKey(t, c.alg, with.file), map[string]any{}, map[string]any{
		"iss": c.id, "sub": c.id, "aud": audience, "jti": rand.Text(), "iat": now, "exp": now + 60,
	})
}

// dpopProof is a proof for one request. token "" is for the token request.
func dpopProof(t *testing.T, key *ecdsa.PrivateKey, req *http.Request, token, nonce string) string {
	claims := map[string]any{
		"htm": req.Method, "htu": req.URL.String(), "iat": time.Now().Unix(), "jti": rand.Text(),
	}
	if token != "" {
		hash := sha256.Sum256([]byte(token))
		claims["ath"] = base64url(hash[:])
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return signJWT(t, "ES256", key, map[string]any{"typ": "dpop+jwt", "jwk": jwk(key.Public())}, claims)
}

// privateKey reads a client's key.
func privateKey(t *testing.T, alg string, file []byte) any {
	switch alg {
	case "HS256":
		return file
	case "ES256":
		var private struct{ D string }
		require.NoError(t, json.Unmarshal(file, &private))
		d, err := base64.RawURLEncoding.DecodeString(private.D)
		require.NoError(t, err)
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
		require.NoError(t, err)
		return key
	case "EdDSA":
		block, _ := pem.Decode(file)
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		require.NoError(t, err)
		return key
	default:
		block, _ := pem.Decode(file)
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		require.NoError(t, err)
		return key
	}
}

// signJWT signs claims.
func signJWT(t *testing.T, alg string, key any, header, claims map[string]any) string {
	header = maps.Clone(header)
	header["alg"] = alg
	part := func(members map[string]any) string {
		text, err := json.Marshal(members)
		require.NoError(t, err)
		return base64url(text)
	}
	text := part(header) + "." + part(claims)
	hash := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch key := key.(type) {
	case []byte:
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		signature = mac.Sum(nil)
	case ed25519.PrivateKey:
		signature = ed25519.Sign(key, []byte(text))
	case *rsa.PrivateKey:
		if alg == "PS256" {
			signature, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, hash[:], &rsa.PSSOptions{SaltLength: 32})
		} else {
			signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:])
		}
	case *ecdsa.PrivateKey:
		r, s, signErr := ecdsa.Sign(rand.Reader, key, hash[:])
		signature, err = make([]byte, 64), signErr
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
	}
	require.NoError(t, err)
	return text + "." + base64url(signature)
}
