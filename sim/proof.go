package sim

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

// Proofs is what was seen of DPoP proofs (RFC 9449).
type Proofs struct {
	// Accepted is how many were accepted.
	Accepted int
	// Challenged is how many were refused because they lacked a fresh nonce. Each costs the client a second request.
	Challenged int
	// Unavoidable is how many of those came when no nonce had been sent that was still fresh.
	Unavoidable int
}

// TokenProofs returns what the token endpoint has seen of DPoP proofs.
func (s *Server) TokenProofs() Proofs { return s.tokenProofs.counts() }

// APIProofs returns what the API has seen of DPoP proofs.
func (s *Server) APIProofs() Proofs { return s.apiProofs.counts() }

// SetNonces makes the token endpoint and the API demand a nonce in DPoP proofs (RFC 9449 sections 8 and 9) that was
// sent no longer ago than so much. A proof without it is refused with use_dpop_nonce. Every response to a request with
// a proof has a new one. 0 or less, which is the default: none is demanded.
func (s *Server) SetNonces(tokenEndpoint, api time.Duration) {
	s.tokenProofs.nonces.life.Store(int64(tokenEndpoint))
	s.apiProofs.nonces.life.Store(int64(api))
}

// proofs checks those that the token endpoint, or the API, is sent.
type proofs struct {
	nonces *nonces
	seen   seen

	accepted, challenged, unavoidable atomic.Int64
}

func newProofs(key *nonceKey) *proofs {
	return &proofs{nonces: newNonces(key), seen: seen{keep: 2 * proofWindow}}
}

func (p *proofs) counts() Proofs {
	return Proofs{int(p.accepted.Load()), int(p.challenged.Load()), int(p.unavoidable.Load())}
}

// offer puts a new nonce into a response, if nonces are demanded.
func (p *proofs) offer(header http.Header, r *http.Request, now time.Time) {
	if p.nonces.demanded() {
		header.Set(nonceHeader, p.nonces.next(r.Host, now))
	}
}

// errNonce refuses a proof that would be good with the server's nonce in it.
var errNonce = errors.New(string(NonceMissing))

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

// check is RFC 9449 section 4.3: it returns the thumbprint of the key that a request has a proof of. asked is when the
// request was made, and token what it carries; "" where that is not part of the proof.
func (p *proofs) check(r *http.Request, token string, asked, now time.Time) (thumbprint string, err error) {
	thumbprint, claims, err := readProof(r.Header.Values(proofHeader))
	if err != nil {
		return "", err
	}
	switch {
	case claims.Method != r.Method:
		err = errors.New("the proof is for another method (htm)")
	case normalized(claims.Target) != normalized(addressOf(r)):
		err = errors.New("the proof is for another address (htu)")
	case token != "" && claims.Token != tokenHash(token):
		err = errors.New("the proof is for another token (ath)")
	case claims.IssuedAt == nil || now.Sub(claims.IssuedAt.Time()).Abs() > proofWindow:
		err = errors.New("the proof was not made just now (iat)")
	case claims.ID == "":
		err = errors.New("the proof has no name (jti)")
	case !p.nonces.fresh(r.Host, claims.Nonce, asked):
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
