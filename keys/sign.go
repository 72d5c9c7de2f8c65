package keys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// Sign returns the signature of RFC 7518 section 3 over input. algorithm empty: the key's own. It fails if the key
// cannot be used with the algorithm, or the signer fails. A key of the standard library signs on the caller's
// goroutine. Any other signer runs on a goroutine of its own: when ctx ends, Sign returns its cause, but the signer
// runs on until it returns, because crypto.Signer takes no context.
func (k *Key) Sign(ctx context.Context, algorithm Algorithm, input []byte) ([]byte, error) {
	switch k.signer().(type) {
	case *ecdsa.PrivateKey, *rsa.PrivateKey, ed25519.PrivateKey:
		return k.sign(algorithm, input)
	}
	type result struct {
		signature []byte
		err       error
	}
	done := make(chan result, 1)
	go func() {
		r := result{err: errors.New("signing: the signer ended its goroutine")}
		// Deferred, so that a signer which panics or calls runtime.Goexit is heard of as well.
		defer func() {
			if p := recover(); p != nil {
				r = result{err: fmt.Errorf("signing: the signer panicked with a %T", p)}
			}
			done <- r
		}()
		r.signature, r.err = k.sign(algorithm, input)
	}()
	select {
	case r := <-done:
		return r.signature, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("signing: %w", context.Cause(ctx))
	}
}

func (k *Key) sign(algorithm Algorithm, input []byte) ([]byte, error) {
	if algorithm == "" {
		algorithm = k.algorithm
	}
	if err := algorithm.fits(k.public()); err != nil {
		return nil, err
	}
	digest, hash := input, hashes[algorithm]
	if hash != 0 {
		h := hash.New()
		h.Write(input)
		digest = h.Sum(nil)
	}
	var options crypto.SignerOpts = hash
	switch algorithm {
	case PS256, PS384, PS512:
		// RFC 7518 section 3.5: the salt is as long as the hash.
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	signature, err := k.signer().Sign(rand.Reader, digest, options)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if key, ok := k.public().(*ecdsa.PublicKey); ok {
		return flat(signature, (key.Curve.Params().BitSize+7)/8)
	}
	return signature, nil
}

// flat turns the ASN.1 that a crypto.Signer makes into two numbers of fixed size (RFC 7518 section 3.4).
func flat(signature []byte, size int) ([]byte, error) {
	var point struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(signature, &point)
	if err != nil || len(rest) > 0 || point.R.Sign() <= 0 || point.S.Sign() <= 0 ||
		point.R.BitLen() > size*8 || point.S.BitLen() > size*8 {
		return nil, errors.New("signing: what the signer returned is not an ECDSA signature")
	}
	out := make([]byte, 2*size)
	point.R.FillBytes(out[:size])
	point.S.FillBytes(out[size:])
	return out, nil
}

// JWT returns payload, a JSON object of claims, as a signed JSON Web Token (RFC 7519) in compact form. algorithm empty:
// the key's own; typ empty: there is none. ctx and errors are as for Sign.
func (k *Key) JWT(ctx context.Context, algorithm Algorithm, typ string, payload []byte) (string, error) {
	var header map[string]any
	if typ != "" {
		header = map[string]any{"typ": typ}
	}
	return k.SignJWT(ctx, algorithm, header, payload)
}

// SignJWT is [Key.JWT] with more members in the header (RFC 7515 section 4.1), such as "typ" and "x5t". "alg" and "kid"
// are set from the algorithm and the key.
func (k *Key) SignJWT(ctx context.Context, algorithm Algorithm, header map[string]any, payload []byte) (string, error) {
	if algorithm == "" {
		algorithm = k.algorithm
	}
	options := &jose.SignerOptions{}
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: opaque{ctx, k}}, options)
	if err != nil {
		if unusable := algorithm.fits(k.public()); unusable != nil {
			err = unusable
		}
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// opaque lets the JOSE library sign, once, with a key it does not see.
type opaque struct {
	ctx context.Context
	key *Key
}

func (o opaque) Public() *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: o.key.public(), KeyID: o.key.id}
}

func (o opaque) Algs() []jose.SignatureAlgorithm {
	var all []jose.SignatureAlgorithm
	for _, a := range suited(o.key.public()) {
		all = append(all, jose.SignatureAlgorithm(a))
	}
	return all
}

func (o opaque) SignPayload(payload []byte, algorithm jose.SignatureAlgorithm) ([]byte, error) {
	return o.key.Sign(o.ctx, Algorithm(algorithm), payload)
}
