package server

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	proofHeader = "DPoP"
	nonceHeader = "DPoP-Nonce"
	// proofWindow is how old a proof may be, or how far ahead of the server's clock.
	proofWindow = time.Minute
)

// proofAlgorithms are asymmetric all of them: only then is what a proof shows not enough to make another (RFC 9449
// section 4.3).
var proofAlgorithms = []jose.SignatureAlgorithm{
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.RS256, jose.PS256,
}

// Proofs is what a server has seen of DPoP proofs (RFC 9449).
type Proofs struct {
	// Accepted is how many it accepted.
	Accepted uint64
	// Challenged is how many it refused for want of its nonce. Each costs the client a second request.
	Challenged uint64
	// Unavoidable is how many of those came when the server had given out no nonce that was still good.
	Unavoidable uint64
}

// proofs checks those that one server is sent.
type proofs struct {
	nonces *nonces
	seen   seen

	accepted, challenged, unavoidable atomic.Uint64
}

func newProofs(nonceLife time.Duration) *proofs {
	return &proofs{nonces: newNonces(nonceLife), seen: seen{keep: 2 * proofWindow}}
}

func (p *proofs) counts() Proofs {
	return Proofs{p.accepted.Load(), p.challenged.Load(), p.unavoidable.Load()}
}

// errNonce refuses a proof that would be good with the server's nonce in it.
var errNonce = errors.New("the proof has no fresh nonce of this server")

// proofError is the error's name in a response (RFC 9449 sections 5 and 7.1).
func proofError(err error) string {
	if errors.Is(err, errNonce) {
		return "use_dpop_nonce"
	}
	return "invalid_dpop_proof"
}

// proofClaims are those of RFC 9449 section 4.2; jti and iat are among jwt.Claims.
type proofClaims struct {
	jwt.Claims
	Method string `json:"htm"`
	Target string `json:"htu"`
	Token  string `json:"ath"`
	Nonce  string `json:"nonce"`
}

// check is RFC 9449 section 4.3: it returns the thumbprint of the key that a request has a proof of. asked is
// when the request was made, and token what it carries; "" where that is not part of the proof.
func (p *proofs) check(r *http.Request, target, token string, asked time.Time) (thumbprint string, err error) {
	thumbprint, claims, err := readProof(r.Header.Values(proofHeader))
	if err != nil {
		return "", err
	}
	now := time.Now()
	switch {
	case claims.Method != r.Method:
		err = errors.New("the proof is for another method (htm)")
	case claims.Target != target:
		err = errors.New("the proof is for another address (htu)")
	case token != "" && claims.Token != tokenHash(token):
		err = errors.New("the proof is for another token (ath)")
	case claims.IssuedAt == nil || now.Sub(claims.IssuedAt.Time()).Abs() > proofWindow:
		err = errors.New("the proof was not made just now (iat)")
	case claims.ID == "":
		err = errors.New("the proof has no name (jti)")
	case !p.nonces.fresh(claims.Nonce, asked):
		p.challenged.Add(1)
		if !p.nonces.known(asked) {
			p.unavoidable.Add(1)
		}
		err = errNonce
	case !p.seen.first(claims.ID, now):
		err = errors.New("the proof was used before (jti)")
	default:
		p.accepted.Add(1)
		return thumbprint, nil
	}
	return "", err
}

// readProof takes apart what is said to be a proof, and returns the thumbprint of the key that signed it.
func readProof(headers []string) (string, *proofClaims, error) {
	if len(headers) != 1 {
		return "", nil, errors.New("there is not exactly one proof")
	}
	proof, err := jwt.ParseSigned(headers[0], proofAlgorithms)
	if err != nil {
		return "", nil, fmt.Errorf("the proof cannot be read: %w", err)
	}
	header := proof.Headers[0] // the compact form has one signature
	if header.ExtraHeaders[jose.HeaderType] != "dpop+jwt" {
		return "", nil, errors.New("it is not a proof (typ)")
	}
	// A private key was refused by the parser.
	if header.JSONWebKey == nil {
		return "", nil, errors.New("the proof does not show its key (jwk)")
	}
	claims := new(proofClaims)
	if err := proof.Claims(header.JSONWebKey.Key, claims); err != nil {
		return "", nil, fmt.Errorf("the proof is not signed by the key it shows: %w", err)
	}
	thumbprint, err := header.JSONWebKey.Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(thumbprint), claims, err
}

// tokenHash is by what a proof names the token it goes with ("ath").
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
