package seal

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/alf-go/alf/store"
)

// Token is what a process shares about a token with the others. It is a secret.
type Token struct {
	// Value is the access token, Type its token_type.
	Value, Type string
	// Members is the JSON text of the other members of the endpoint's response; empty if there are none.
	Members string
	// Life is from the start of the token request to the token's expiry, and Refresh from there to the refresh time.
	Life, Refresh time.Duration
}

// errSealed is all that is said about a record that cannot be opened.
var errSealed = errors.New("the record cannot be opened")

// version is that of the encoding, before it is sealed.
const version = 1

// Seal seals a token, bound to its place, to the version of its record, and to its expiry.
func (k *Keys) Seal(at store.Version, expires store.Time, t Token) []byte {
	b := []byte{version}
	b = binary.AppendUvarint(b, uint64(t.Life.Milliseconds()))
	b = binary.AppendUvarint(b, uint64(t.Refresh.Milliseconds()))
	for _, s := range []string{t.Type, t.Value, t.Members} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return k.aead.Seal(nil, nil, b, k.place(at, expires))
}

// Open is the reverse of [Keys.Seal].
func (k *Keys) Open(at store.Version, expires store.Time, sealed []byte) (Token, error) {
	b, err := k.aead.Open(nil, nil, sealed, k.place(at, expires))
	if err != nil || len(b) == 0 || b[0] != version {
		return Token{}, errSealed
	}
	r := reader{b: b[1:]}
	t := Token{Life: r.duration(), Refresh: r.duration(), Type: r.text(), Value: r.text(), Members: r.text()}
	if r.broken || len(r.b) > 0 {
		return Token{}, errSealed
	}
	return t, nil
}

// place is what a record is bound to.
func (k *Keys) place(at store.Version, expires store.Time) []byte {
	b := append([]byte("record\x00"), k.id...)
	for _, n := range []int64{at.Epoch, at.Gen, int64(expires)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// reader reads what Seal has written.
type reader struct {
	b      []byte
	broken bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.broken, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

// longest is more than any time in a record.
const longest = 400 * 24 * time.Hour

func (r *reader) duration() time.Duration {
	n := r.number()
	if n > uint64(longest.Milliseconds()) {
		r.broken = true
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

func (r *reader) text() string {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.broken, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
