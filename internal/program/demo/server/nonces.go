package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync/atomic"
	"time"
)

// nonces are a server's own for DPoP proofs (RFC 9449 section 8). Each says when it was made, and that the server made
// it, so that none needs to be remembered.
type nonces struct {
	life  time.Duration
	key   [sha256.Size]byte
	given atomic.Int64 // when the last one was, in nanoseconds since 1970; 0: none was
}

func newNonces(life time.Duration) *nonces {
	n := &nonces{life: life}
	rand.Read(n.key[:])
	return n
}

const stampSize = 8

// next makes one.
func (n *nonces) next(now time.Time) string {
	n.given.Store(now.UnixNano())
	stamp := binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))
	return base64.RawURLEncoding.EncodeToString(append(stamp, n.seal(stamp)...))
}

// fresh reports whether a nonce is the server's own, and not too old for a request that was made at a time.
func (n *nonces) fresh(nonce string, asked time.Time) bool {
	raw, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(raw) < stampSize || !hmac.Equal(raw[stampSize:], n.seal(raw[:stampSize])) {
		return false
	}
	return n.lasts(int64(binary.BigEndian.Uint64(raw)), asked)
}

// known reports whether there is a nonce, handed out before, that would have been fresh.
func (n *nonces) known(asked time.Time) bool {
	given := n.given.Load()
	return given != 0 && n.lasts(given, asked)
}

func (n *nonces) lasts(made int64, asked time.Time) bool {
	return asked.Before(time.Unix(0, made).Add(n.life))
}

func (n *nonces) seal(stamp []byte) []byte {
	mac := hmac.New(sha256.New, n.key[:])
	mac.Write(stamp)
	return mac.Sum(nil)
}
