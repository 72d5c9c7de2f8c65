package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"github.com/alf-go/alf/store"
)

// Hold is the note of a hold: it proves that a process with the key has met the failure. epoch is the store's.
func (k *Keys) Hold(epoch int64, h store.HoldState) []byte {
	behind := int64(0)
	if h.Behind {
		behind = 1
	}
	return k.note("hold", "", epoch, h.Fence, int64(h.Until), int64(h.Class), behind, h.Failures)
}

// TrustsHold reports whether a process with the key has written the hold.
func (k *Keys) TrustsHold(epoch int64, h store.HoldState) bool {
	return hmac.Equal(h.Note, k.Hold(epoch, h))
}

// Rejection is the note of a command that reports a rejection by an origin.
func (k *Keys) Rejection(origin store.Digest) []byte { return k.note("rejection", string(origin)) }

// TrustsRejection reports whether a process with the key has written the note.
func (k *Keys) TrustsRejection(origin store.Digest, note []byte) bool {
	return hmac.Equal(note, k.Rejection(origin))
}

func (k *Keys) note(kind, text string, numbers ...int64) []byte {
	h := hmac.New(sha256.New, k.notes)
	b := append([]byte(kind), 0)
	b = append(append(append(b, k.id...), 0), text...)
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	h.Write(b)
	return h.Sum(nil)[:16]
}
