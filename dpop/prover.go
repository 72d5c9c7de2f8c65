package dpop

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/keys"
)

// Prover makes proofs. Its zero value is ready, with a key of its own. All methods are safe for concurrent use; it must not be
// copied, and its fields not changed, once it is used. It prints as its name only.
type Prover struct {
	// Key returns the key that tokens are bound to. It is asked at every fetch of a token; a key that has changed takes over
	// when there is a token bound to it. Nil: a P-256 key, made on first use, that never leaves the process.
	Key keys.Func
	// Algorithm is what proofs are signed with. Empty: the key's own.
	Algorithm keys.Algorithm

	made    sync.Once
	own     *keys.Key
	failed  error
	current atomic.Pointer[Key]
	nonces  nonces
}

// Read asks for the key anew, for a token request. It is not what [Prover.Proof] signs with until it was passed to
// [Prover.Bind]. It fails if Key does, or if the key cannot be used with Algorithm.
func (p *Prover) Read(ctx context.Context) (*Key, error) {
	key, err := p.key(ctx)
	if err == nil && key == nil {
		err = errors.New("there is no key")
	}
	if err != nil {
		return nil, err
	}
	if current := p.current.Load(); current != nil && current.key.Thumbprint() == key.Thumbprint() {
		return current, nil
	}
	return newKey(key, p.Algorithm)
}

func (p *Prover) key(ctx context.Context) (*keys.Key, error) {
	if p.Key != nil {
		return p.Key(ctx)
	}
	p.made.Do(func() {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			p.failed = err
			return
		}
		p.own, p.failed = keys.New(private, "", "")
	})
	return p.own, p.failed
}

// Bind makes key the one that the current token is bound to.
func (p *Prover) Bind(key *Key) { p.current.Store(key) }

// Proof returns the value of the DPoP header for a request with token (RFC 9449 section 7): method is the request's, and
// target its URL. The key is the one that was bound last; if none was yet, Key is asked. now is the time the proof was made
// at, to the second.
func (p *Prover) Proof(ctx context.Context, now time.Time, method string, target *url.URL, token string) (string, error) {
	key := p.current.Load()
	if key == nil {
		var err error
		if key, err = p.Read(ctx); err != nil {
			return "", fmt.Errorf("dpop: %w", err)
		}
		p.current.CompareAndSwap(nil, key)
	}
	return p.ProofWith(key, now, method, target, token)
}

// ProofWith is [Prover.Proof] with a key from [Prover.Read]. token is empty in a token request (RFC 9449 section 5).
func (p *Prover) ProofWith(key *Key, now time.Time, method string, target *url.URL, token string) (string, error) {
	proof, err := key.sign(claimsFor(now, method, target, token, p.nonces.of(target)))
	if err != nil {
		return "", fmt.Errorf("dpop: %w", err)
	}
	return proof, nil
}

// Remember keeps the nonce of an answer from target, whatever its status (RFC 9449 section 8.2), for the proofs to the same
// origin that follow. nonce is the value of its DPoP-Nonce header; one that no nonce can be, or "", changes nothing. At most
// 64 origins are remembered.
func (p *Prover) Remember(target *url.URL, nonce string) { p.nonces.remember(target, nonce) }

// Nonce returns what the next proof to target's origin will carry; "" for none.
func (p *Prover) Nonce(target *url.URL) string { return p.nonces.of(target) }

// Format prints the type's name, whatever the verb.
func (p *Prover) Format(f fmt.State, _ rune) { io.WriteString(f, "dpop.Prover") }

// MarshalJSON returns the type's name.
func (p *Prover) MarshalJSON() ([]byte, error) { return []byte(`"dpop.Prover"`), nil }
