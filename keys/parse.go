package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"

	"github.com/alf-go/alf/internal/files"
)

var errNoKey = errors.New("holds no private key: use PEM (PKCS#8, PKCS#1 or SEC 1) or a JSON Web Key")

// Parse reads a private key: PEM with one of PKCS#8 ("PRIVATE KEY"), PKCS#1 ("RSA PRIVATE KEY") or SEC 1 ("EC PRIVATE
// KEY"), or a JSON Web Key (RFC 7517) with its "kid" and "alg", if it has them; or a set of them, of which one signs.
// Certificates beside a key in PEM are ignored. A key that is marked for another use, by "use" or "key_ops", is
// refused. The errors contain nothing secret of what was read.
func Parse(content []byte) (*Key, error) { return ParseWithID(content, "") }

// ParseWithID is [Parse] for the key that the server knows as id. In a set of several keys, it is the one with that
// "kid"; otherwise id takes the place of any "kid". id empty: as Parse.
func ParseWithID(content []byte, id string) (*Key, error) {
	var key *Key
	var err error
	if trimmed := bytes.TrimSpace(content); bytes.HasPrefix(trimmed, []byte("{")) {
		key, err = parseJWKs(trimmed, id)
	} else {
		key, err = parsePEM(content)
	}
	if err == nil && id != "" {
		key = key.WithID(id)
	}
	return key, err
}

func parsePEM(content []byte) (*Key, error) {
	if err := files.Encrypted(content); err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		var private any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			private, err = x509.ParseECPrivateKey(block.Bytes)
		default:
			continue
		}
		signer, ok := private.(crypto.Signer)
		switch {
		case err != nil && !whole(block.Bytes):
			return nil, errors.New("the " + block.Type + " in it cannot be read: is the file whole?")
		case err != nil, !ok:
			return nil, errors.New("the " + block.Type + " in it " + unusable)
		}
		return New(signer, "", "")
	}
	return nil, errNoKey
}

// unusable ends a sentence about a key of another kind.
const unusable = "cannot be used as it is, or is damaged or under a wrong label: " +
	"make an RSA key (not one for RSA-PSS alone), an EC key on the named curve P-256, P-384 or P-521, or an Ed25519 key"

// whole reports whether der is one structure to its end, whatever is in there.
func whole(der []byte) bool {
	var all asn1.RawValue
	rest, err := asn1.Unmarshal(der, &all)
	return err == nil && len(rest) == 0
}
