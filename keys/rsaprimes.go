package keys

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
)

// maxRSA bounds the work of recoverPrimes, in bits.
const maxRSA = 8192

var (
	errUnusable = errors.New("is not a usable JSON Web Key: a member is missing or wrong")
	errPrimes   = errors.New(`is not a usable JSON Web Key: it has no primes, and "d" does not belong to "n" and "e": ` +
		`export it again, with "p" and "q"`)
)

// rsaMembers are those of an RSA key (RFC 7518 section 6.3) that count here: the primes may be missing, but crypto/rsa
// wants them, and the JOSE library refuses the key without.
type rsaMembers struct {
	N, E, D string
	P, Q    string
}

// withoutPrimes returns the key in content; nil if it has both primes.
func withoutPrimes(content []byte) (*rsa.PrivateKey, error) {
	var m rsaMembers
	if json.Unmarshal(content, &m) != nil {
		return nil, errUnusable
	}
	if m.P != "" && m.Q != "" {
		return nil, nil
	}
	n, e, d := number(m.N), number(m.E), number(m.D)
	if n.BitLen() < minRSA || n.BitLen() > maxRSA || n.Bit(0) == 0 ||
		e.BitLen() > 31 || e.Bit(0) == 0 || e.Cmp(one) <= 0 || d.Cmp(one) <= 0 || d.Cmp(n) >= 0 {
		return nil, errUnusable
	}
	p, q, ok := recoverPrimes(n, e, d)
	if !ok {
		return nil, errPrimes
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d, Primes: []*big.Int{p, q}}
	if key.Validate() != nil {
		return nil, errPrimes
	}
	key.Precompute()
	return key, nil
}

// number reads a Base64urlUInt (RFC 7518 section 2); 0 if it is none.
func number(text string) *big.Int {
	content, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return new(big.Int)
	}
	return new(big.Int).SetBytes(content)
}

var one = big.NewInt(1)

// recoverPrimes is NIST SP 800-56B revision 2, appendix C.1. e*d-1 is a multiple of the order of every number modulo n,
// so halving it leads to a square root of 1; one that is neither 1 nor -1, which each base has with a chance of a half,
// shares a prime with n. The powers are not computed in constant time: it is done where the key is read, and not where
// it is used.
func recoverPrimes(n, e, d *big.Int) (p, q *big.Int, ok bool) {
	const bases = 100
	multiple := new(big.Int).Mul(e, d)
	multiple.Sub(multiple, one)
	halvings := multiple.TrailingZeroBits()
	odd := new(big.Int).Rsh(multiple, halvings)
	minusOne := new(big.Int).Sub(n, one)
	for base := range int64(bases) {
		root := new(big.Int).Exp(big.NewInt(base+2), odd, n)
		for range halvings {
			if root.Cmp(one) == 0 || root.Cmp(minusOne) == 0 {
				break
			}
			square := new(big.Int).Mul(root, root)
			if square.Mod(square, n).Cmp(one) == 0 {
				p = new(big.Int).GCD(nil, nil, root.Sub(root, one), n)
				return p, new(big.Int).Div(n, p), true
			}
			root = square
		}
		if root.Cmp(one) != 0 && root.Cmp(minusOne) != 0 {
			return nil, nil, false // the power is not 1: d is another key's
		}
	}
	return nil, nil, false
}
