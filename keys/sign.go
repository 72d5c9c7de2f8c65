package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// Sign returns the signature of RFC 7518 section 3 over input. algorithm empty: the key's own. It fails if the key cannot be
// used with the algorithm, or the signer fails. The key may be a remote one: Sign takes as long as its signer does.
func (k *Key) Sign(algorithm Algorithm, input []byte) ([]byte, error) {
	signer := k.signer()
	if algorithm == "" {
		algorithm = k.algorithm
	}
	if err := algorithm.fits(signer.Public()); err != nil {
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
	signature, err := signer.Sign(rand.Reader, digest, options)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if key, ok := signer.Public().(*ecdsa.PublicKey); ok {
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
		return nil, errors.New("signing: the signer's answer is not an ECDSA signature")
	}
	out := make([]byte, 2*size)
	point.R.FillBytes(out[:size])
	point.S.FillBytes(out[size:])
	return out, nil
}

// JWT returns payload, a JSON object of claims, as a signed JSON Web Token (RFC 7519) in compact form. algorithm empty: the
// key's own; typ empty: there is none.
func (k *Key) JWT(algorithm Algorithm, typ string, payload []byte) (string, error) {
	if algorithm == "" {
		algorithm = k.algorithm
	}
	options := &jose.SignerOptions{}
	if typ != "" {
		options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: opaque{k}}, options)
	if err != nil {
		if unfit := algorithm.fits(k.signer().Public()); unfit != nil {
			err = unfit
		}
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// opaque lets the JOSE library sign with a key it does not see.
type opaque struct{ key *Key }

func (o opaque) Public() *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: o.key.signer().Public(), KeyID: o.key.id}
}

func (o opaque) Algs() []jose.SignatureAlgorithm {
	var all []jose.SignatureAlgorithm
	for _, a := range suited(o.key.signer().Public()) {
		all = append(all, jose.SignatureAlgorithm(a))
	}
	return all
}

func (o opaque) SignPayload(payload []byte, algorithm jose.SignatureAlgorithm) ([]byte, error) {
	return o.key.Sign(Algorithm(algorithm), payload)
}
