package sim

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync/atomic"
	"time"
)

// nonces are those for DPoP proofs (RFC 9449 section 8). Each says when it was made, and is authenticated together with
// the host that it was made for, so that none needs to be remembered. A client keeps one nonce for each origin: so
// where the token endpoint and the API have the same one, each accepts those of the other.
type nonces struct {
	life  atomic.Int64 // nanoseconds; 0 or less: none is demanded
	key   *nonceKey
	given atomic.Int64 // when the last one was, in nanoseconds since 1970; never: none was
}

// never is a time that no clock shows; a clock.Mock begins at 0.
const never = -1 << 63

// nonceKey authenticates the nonces of one Server.
type nonceKey [sha256.Size]byte

func newNonceKey() *nonceKey {
	key := new(nonceKey)
	rand.Read(key[:])
	return key
}

func newNonces(key *nonceKey) *nonces {
	n := &nonces{key: key}
	n.given.Store(never)
	return n
}

const stampSize = 8

func (n *nonces) demanded() bool { return n.life.Load() > 0 }

// next makes one.
func (n *nonces) next(host string, now time.Time) string {
	n.given.Store(now.UnixNano())
	stamp := binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))
	return base64.RawURLEncoding.EncodeToString(append(stamp, n.seal(host, stamp)...))
}

// fresh reports whether a nonce was made here for a host, and is not too old for a request that was made at a time; or
// whether none is demanded.
func (n *nonces) fresh(host, nonce string, asked time.Time) bool {
	if !n.demanded() {
		return true
	}
	raw, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(raw) < stampSize || !hmac.Equal(raw[stampSize:], n.seal(host, raw[:stampSize])) {
		return false
	}
	return n.lasts(int64(binary.BigEndian.Uint64(raw)), asked)
}

// known reports whether a nonce was handed out before that would have been fresh.
func (n *nonces) known(asked time.Time) bool {
	given := n.given.Load()
	return given != never && n.lasts(given, asked)
}

func (n *nonces) lasts(made int64, asked time.Time) bool {
	return asked.Before(time.Unix(0, made).Add(time.Duration(n.life.Load())))
}

func (n *nonces) seal(host string, stamp []byte) []byte {
	mac := hmac.New(sha256.New, n.key[:])
	mac.Write(stamp)
	mac.Write([]byte(strings.ToLower(host)))
	return mac.Sum(nil)
}
