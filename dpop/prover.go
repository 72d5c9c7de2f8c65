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
	"github.com/alf-go/alf/internal/wire"
	"github.com/alf-go/alf/keys"
)

// Prover makes proofs. Its zero value is ready, with a key of its own. All methods are safe for concurrent use; it must not be
// copied, and its fields not changed, once it is used. It prints as its name only.
type Prover struct {
	// Key returns the key that tokens are bound to. It is asked at every fetch of a token, and each token keeps the key it was
	// fetched with. Beside a source of tokens that does not know this Prover it is asked for each new token, and must be
	// the key that is bound to. Nil: a P-256 key, made on first use, that never leaves the process.
	Key keys.Func
	// Algorithm is what proofs are signed with. Empty: the key's own.
	Algorithm keys.Algorithm

	own    own
	tokens bound.Memory[*Key]
	nonces nonces
}

// Validate fails, naming the field and the remedy, if the fields make no sense.
func (p *Prover) Validate() error {
	if err := p.Algorithm.Validate(); err != nil {
		return fmt.Errorf("Algorithm: %w", err)
	}
	if p.Key == nil && p.Algorithm != "" && p.Algorithm != keys.ES256 {
		return fmt.Errorf("Algorithm: the Prover's own key signs with ES256 alone: leave it empty, or set Key to one that signs with %s", p.Algorithm)
	}
	return nil
}

// own is the key that a Prover makes for itself.
type own struct {
	once sync.Once
	key  *keys.Key
	err  error
	made atomic.Bool
}

var errNoKey = errors.New("there is no key")

// Read asks for the key anew, for a token request. A token that comes of it is told to [Prover.Bind]. It fails if Key does, or
// if the key cannot be used with Algorithm.
func (p *Prover) Read(ctx context.Context) (*Key, error) {
	read := p.Key
	if read == nil {
		read = p.own.read
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

func (o *own) read(context.Context) (*keys.Key, error) {
	o.once.Do(func() {
		defer o.made.Store(true)
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			o.err = err
			return
		}
		o.key, o.err = keys.New(private, "", "")
	})
	return o.key, o.err
}

// Bind remembers the key that a token is bound to. A token that a server hands out once more after the key was replaced is
// still bound to the one it was first fetched with.
func (p *Prover) Bind(token string, key *Key) {
	hash := bound.Hash(token)
	if first, known := p.tokens.Of(hash); known && first.Thumbprint() != key.Thumbprint() {
		key = first
	}
	p.tokens.Bind(hash, key)
}

// Proof returns the value of the DPoP header for a request with token (RFC 9449 section 7): method is the request's, and
// target its URL. It is signed with the key that the token is bound to. now is the time it is made at, to the second. nonce is
// what the server asked this very request to hold; empty: the last one that its origin handed out. ctx ends the wait for a
// key that somebody else holds, with its cause. It fails for a host that is not in ASCII.
func (p *Prover) Proof(ctx context.Context, now time.Time, method string, target *url.URL, token, nonce string) (string, error) {
	c, err := p.about(now, method, target, nonce)
	if err != nil {
		return "", err
	}
	hash := bound.Hash(token)
	key, known := p.tokens.Of(hash)
	if !known {
		if key, err = p.stranger(ctx, hash); err != nil {
			return "", fmt.Errorf("dpop: %w", err)
		}
	}
	c.Token = base64.RawURLEncoding.EncodeToString(hash[:])
	return key.prove(ctx, c)
}

// stranger finds the key of a token that nobody has told about.
func (p *Prover) stranger(ctx context.Context, hash bound.Token) (*Key, error) {
	if p.Key == nil && !p.own.made.Load() {
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
	c, err := p.about(now, method, target, nonce)
	if err != nil {
		return "", err
	}
	return key.prove(ctx, c)
}

// about is what all proofs say.
func (p *Prover) about(now time.Time, method string, target *url.URL, nonce string) (claims, error) {
	if !wire.ASCIIHost(target) {
		return claims{}, fmt.Errorf("dpop: the host %q is not in ASCII, and servers know it by another name: write it in Punycode (\"xn--...\")", target.Hostname())
	}
	if method == "" {
		method = http.MethodGet
	}
	if nonce == "" {
		nonce = p.nonces.of(target)
	}
	return claims{ID: rand.Text(), Method: method, Target: htu(target), Issued: now.Unix(), Nonce: nonce}, nil
}

// Remember keeps the nonce of an answer from target, whatever its status (RFC 9449 section 8.2), for the proofs to the same
// origin that follow. nonce is the value of its DPoP-Nonce header; one that no nonce can be, or "", changes nothing, and is
// reported as false. At most 64 origins are remembered.
func (p *Prover) Remember(target *url.URL, nonce string) bool {
	return p.nonces.remember(target, nonce)
}

// Nonce returns what the next proof to target's origin will carry; "" for none.
func (p *Prover) Nonce(target *url.URL) string { return p.nonces.of(target) }

// Format prints the type's name, whatever the verb.
func (p *Prover) Format(f fmt.State, _ rune) { io.WriteString(f, "dpop.Prover") }

// MarshalJSON returns the type's name.
func (p *Prover) MarshalJSON() ([]byte, error) { return []byte(`"dpop.Prover"`), nil }
