package pool

import (
	"crypto/sha256"
	"encoding/binary"
)

// Key names a token of a pool.
type Key [sha256.Size]byte

// KeyOf makes a key of a list of strings. Different lists have different keys: the length of each string counts too
// (P2).
func KeyOf(parts ...string) Key {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	var k Key
	h.Sum(k[:0])
	return k
}
