// Package seal makes what processes share unreadable to the store that keeps it (D3): names that are keyed hashes,
// records that are encrypted, and notes that show that a process with the key wrote a hold. A party with the key can
// read all of it; a store has no key.
//
// Everything is derived, by HKDF with SHA-256, from a key or a client secret and from the identity of the token, which
// says everything that the authorization server sees. So data of one identity mean nothing for any other.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/alf-go/alf/internal/core/pool"
	"github.com/alf-go/alf/store"
)

// MinKey is how many bytes a key has at least. Shorter ones could be found by trying.
const MinKey = 16

var errKey = errors.New("the key is shorter than 16 bytes")

// Keys are those of one identity. Methods are safe for concurrent use. Keys print as their type.
type Keys struct {
	id      store.ID
	aead    cipher.AEAD
	digests []byte
	notes   []byte
}

// Derive derives the keys of an identity. Different lists of parts are different identities.
func Derive(key []byte, identity []string) (*Keys, error) {
	if len(key) < MinKey {
		return nil, errKey
	}
	canonical := pool.KeyOf(identity...)
	parts, err := hkdf.Key(sha256.New, key, canonical[:], "alf shared token 1", size)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(parts[16:48])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Keys{id: store.ID(hex.EncodeToString(parts[:16])), aead: aead, digests: parts[48:80], notes: parts[80:112]}, nil
}

// size is how many bytes are derived: a name, and three keys.
const size = 16 + 32 + 32 + 32

// ID names the identity.
func (k *Keys) ID() store.ID { return k.id }

// Token names a token by its value.
func (k *Keys) Token(value string) store.Digest { return k.digest("token", value) }

// Origin names an API.
func (k *Keys) Origin(origin string) store.Digest { return k.digest("origin", origin) }

func (k *Keys) digest(kind, of string) store.Digest {
	h := hmac.New(sha256.New, k.digests)
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write([]byte(of))
	return store.Digest(hex.EncodeToString(h.Sum(nil)[:16]))
}

// String names the type.
func (k *Keys) String() string { return "seal.Keys" }

// GoString returns what String does.
func (k *Keys) GoString() string { return k.String() }

// Format prints what String returns, whatever the verb.
func (k *Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// MarshalText returns what String does.
func (k *Keys) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
