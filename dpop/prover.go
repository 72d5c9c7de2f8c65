package dpop

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/bound"
	"github.com/alf-go/alf/internal/fielderror"
	"github.com/alf-go/alf/internal/wire"
	"github.com/alf-go/alf/keys"
)

// defaultBackdate is how far the "iat" of a proof lies back (F6).
const defaultBackdate = 5 * time.Second

// maxBackdate is the longest that makes sense: what servers accept from the past is seconds or minutes (RFC 9449
// section 11.1).
const maxBackdate = time.Minute

// Prover makes proofs. Its zero value is ready, with a generated key. All methods are safe for concurrent use; after
// its first use it must not be copied and its fields must not be changed. It prints as its name only.
type Prover struct {
	// Key returns the key that tokens are bound to. It is called at every fetch of a token, and each token keeps the
	// key it was fetched with. With a source of tokens that does not know this Prover, it is called for each new token,
	// and must return the key that the token is bound to. Nil: a P-256 key, generated on first use, that never leaves
	// the process.
	Key keys.Func
	// Algorithm is what proofs are signed with. Empty: the key's own.
	Algorithm keys.Algorithm
	// Backdate is how far the "iat" of a proof lies back, 1 min at most. Servers without leeway (go-oidc, fosite)
	// refuse a proof from the future, and clocks differ by some seconds. Default: 5 s. Negative: it is the time of the
	// request. Set it to 2 s for mod_oauth2, which accepts no proof that is older than 5 s.
	Backdate time.Duration

	generated generatedKey
	tokens    bound.Many[*Key]
	nonces    nonces
}

// Validate returns a *fielderror.Error, exported as fetcher.FieldError, if the fields make no sense.
func (p *Prover) Validate() error {
	if err := p.Algorithm.Validate(); err != nil {
		return err
	}
	if p.Backdate > maxBackdate {
		return &fielderror.Error{
			Field: "Backdate", Problem: "servers would take the proofs for outdated", Remedy: fmt.Sprintf("use %v at most", maxBackdate),
		}
	}
	if p.Key == nil && p.Algorithm != "" && p.Algorithm != keys.ES256 {
		return &fielderror.Error{
			Field: "Algorithm", Problem: "the generated key signs with ES256 alone",
			Remedy: fmt.Sprintf("leave it empty, or set Key to one that signs with %s", p.Algorithm),
		}
	}
	return nil
}

// generatedKey is the key that a Prover makes for itself.
type generatedKey struct {
	once sync.Once
	key  *keys.Key
	err  error
	// made is read without once, by proofs for tokens whose key is not known.
	made atomic.Bool
}

var errNoKey = errors.New("there is no key")

// Read returns the key for a token request, by calling Key. A token that is fetched with it is passed to [Prover.Bind].
// It fails if Key does, or if the key cannot be used with Algorithm.
func (p *Prover) Read(ctx context.Context) (*Key, error) {
	read := p.Key
	if read == nil {
		read = p.generated.read
	}
	key, err := read(ctx)
	if err == nil && key == nil {
		err = errNoKey
	}
	if err != nil {
		return nil, err
	}
	return newKey(key, p.Algorithm)
}

func (g *generatedKey) read(context.Context) (*keys.Key, error) {
	g.once.Do(func() {
		defer g.made.Store(true)
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			g.err = err
			return
		}
		g.key, g.err = keys.New(private, "", "")
	})
	return g.key, g.err
}

// Bind remembers the key that a token is bound to, for the last 100,000 tokens. If a server returns the same token
// again after the key was replaced, the token remains bound to the key that it was first fetched with.
func (p *Prover) Bind(token string, key *Key) {
	hash := bound.Hash(token)
	if first, known := p.tokens.Of(hash); known && first.Thumbprint() != key.Thumbprint() {
		key = first
	}
	p.tokens.Bind(hash, key)
}

// Proof returns the value of the DPoP header for a request with token (RFC 9449 section 7): method is the request's,
// and target its URL. It is signed with the key that the token is bound to. now is the time of the request; the proof's
// "iat" lies Backdate before it. nonce is the one that the server has demanded for this request; empty: the last one
// that the origin sent, if any. ctx ends the wait for a signer, with its cause. It fails for a host that is not in
// ASCII.
func (p *Prover) Proof(ctx context.Context, now time.Time, method string, target *url.URL, token, nonce string) (string, error) {
	c, err := p.claims(now, method, target, nonce)
	if err != nil {
		return "", err
	}
	hash := bound.Hash(token)
	key, known := p.tokens.Of(hash)
	if !known {
		if key, err = p.keyForToken(ctx, hash); err != nil {
			return "", fmt.Errorf("dpop: %w", err)
		}
	}
	c.Token = base64.RawURLEncoding.EncodeToString(hash[:])
	return key.proof(ctx, c)
}

// keyForToken finds the key of a token that was not passed to Bind.
func (p *Prover) keyForToken(ctx context.Context, hash bound.Token) (*Key, error) {
	if p.Key == nil && !p.generated.made.Load() {
		return nil, errors.New("the token was not fetched with this prover, and there is no Key: set it to the one the token is bound to")
	}
	key, err := p.Read(ctx)
	if err == nil {
		p.tokens.Bind(hash, key)
	}
	return key, err
}

// TokenProof is [Prover.Proof] for a token request (RFC 9449 section 5), with a key from [Prover.Read].
func (p *Prover) TokenProof(ctx context.Context, key *Key, now time.Time, method string, target *url.URL, nonce string) (string, error) {
	c, err := p.claims(now, method, target, nonce)
	if err != nil {
		return "", err
	}
	return key.proof(ctx, c)
}

// claims returns those that all proofs have.
func (p *Prover) claims(now time.Time, method string, target *url.URL, nonce string) (claims, error) {
	if !wire.ASCIIHost(target) {
		return claims{}, fmt.Errorf("dpop: the host %q is not in ASCII, and servers know it by another name: write it in Punycode (\"xn--...\")", target.Hostname())
	}
	if method == "" {
		method = http.MethodGet
	}
	if nonce == "" {
		nonce = p.nonces.of(target)
	}
	issued := now.Add(-p.backdate()).Unix()
	return claims{ID: rand.Text(), Method: method, Target: htu(target), Issued: issued, Nonce: nonce}, nil
}

func (p *Prover) backdate() time.Duration {
	if p.Backdate == 0 {
		return defaultBackdate
	}
	return max(p.Backdate, 0)
}

// Remember keeps the nonce of a response from target, whatever its status (RFC 9449 section 8.2), for the proofs to the
// same origin that follow. nonce is the value of its DPoP-Nonce header; one that is no valid nonce, or "", changes
// nothing, and is reported as false. At most 64 origins are remembered.
func (p *Prover) Remember(target *url.URL, nonce string) bool {
	return p.nonces.remember(target, nonce)
}

// Forget drops a nonce that target has refused without sending another one. A server that has stopped using nonces
// refuses every proof that contains one (oidc-provider does, as invalid_dpop_proof). Forget reports whether it dropped
// nonce. It does not if target's origin has sent another nonce since, which is kept.
func (p *Prover) Forget(target *url.URL, nonce string) bool { return p.nonces.forget(target, nonce) }

// Nonce returns what the next proof to target's origin will contain; "" for none.
func (p *Prover) Nonce(target *url.URL) string { return p.nonces.of(target) }

// Format prints the type's name, whatever the verb.
func (p *Prover) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "dpop.Prover") }

// MarshalJSON returns the type's name.
func (p *Prover) MarshalJSON() ([]byte, error) { return []byte(`"dpop.Prover"`), nil }
