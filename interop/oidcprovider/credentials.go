package oidcprovider

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
)

// credentials are the credentials of a client: a secret, a key or a certificate.
type credentials struct {
	file     []byte         // for the client
	metadata map[string]any // for the server, in the words of RFC 7591
}

// newSecret makes a secret with characters in it that forms and basic authentication have to escape.
func newSecret() (credentials, error) {
	secret := "+%:&=/ " + rand.Text() + rand.Text()
	return credentials{file: []byte(secret), metadata: map[string]any{"client_secret": secret}}, nil
}

// newKey makes a key for an algorithm, in one of the formats that keys come in.
func newKey(alg string) (credentials, error) {
	kid := rand.Text()
	var file []byte
	var public map[string]any
	switch alg {
	case "RS256", "PS256":
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return credentials{}, err
		}
		file = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
		public = jwk(key.Public())
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return credentials{}, err
		}
		private := jwk(key.Public())
		d, err := key.Bytes()
		if err != nil {
			return credentials{}, err
		}
		private["d"], private["kid"], private["alg"] = base64url(d), kid, alg
		if file, err = json.Marshal(private); err != nil {
			return credentials{}, err
		}
		public = jwk(key.Public())
		public["kid"] = kid
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return credentials{}, err
		}
		if file, err = pkcs8(key); err != nil {
			return credentials{}, err
		}
		public = jwk(key.Public())
	default:
		return credentials{}, fmt.Errorf("oidcprovider: no keys for %s", alg)
	}
	return credentials{file: file, metadata: map[string]any{"jwks": jwks(public)}}, nil
}

// newCertificate makes a certificate that authority signs and the server knows by its name.
func newCertificate(authority *certificate) (credentials, error) {
	cert, err := authority.client("alf-" + rand.Text() + ".example.com")
	if err != nil {
		return credentials{}, err
	}
	file, err := cert.bothPEM()
	return credentials{file: file, metadata: map[string]any{"tls_client_auth_san_dns": cert.DNSNames[0]}}, err
}

// newSelfSigned makes a certificate that the server knows by itself.
func newSelfSigned() (credentials, error) {
	cert, err := (*certificate)(nil).client("alf.example.com")
	if err != nil {
		return credentials{}, err
	}
	public := jwk(cert.PublicKey)
	public["x5c"] = []string{base64.StdEncoding.EncodeToString(cert.Raw)}
	file, err := cert.bothPEM()
	return credentials{file: file, metadata: map[string]any{"jwks": jwks(public)}}, err
}

func jwks(key map[string]any) map[string]any { return map[string]any{"keys": []any{key}} }

// jwk is a public key as RFC 7517 has it.
func jwk(public crypto.PublicKey) map[string]any {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return map[string]any{
			"kty": "RSA", "n": base64url(public.N.Bytes()), "e": base64url(big.NewInt(int64(public.E)).Bytes()),
		}
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic("bug: " + err.Error())
		}
		half := (len(point) - 1) / 2
		return map[string]any{
			"kty": "EC", "crv": "P-256", "x": base64url(point[1 : 1+half]), "y": base64url(point[1+half:]),
		}
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64url(public)}
	}
	panic(fmt.Sprintf("bug: no JWK of %T", public))
}

func base64url(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }
