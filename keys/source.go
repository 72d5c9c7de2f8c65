package keys

import (
	"context"
	"crypto"
	"fmt"
	"sync/atomic"

	"github.com/alf-go/alf/internal/files"
)

// maxFile is more than any key needs, in bytes.
const maxFile = 64 << 10

// Func returns the private key. It is called at every fetch, and once more after the server has refused the client, so
// that a key that was replaced is used without a restart. It may be called concurrently, should return when ctx ends,
// and must not put anything secret into its error.
type Func func(ctx context.Context) (*Key, error)

// Of returns a Func that always returns key.
func Of(key *Key) Func {
	return func(context.Context) (*Key, error) { return key, nil }
}

// Signer returns a Func for a key that is kept elsewhere, such as in an HSM or a key management service. id is sent as
// "kid", if it is not empty. The signer must be safe for concurrent use. A caller stops waiting for its Sign when the
// caller's context ends; Sign runs on until it returns, so it should have a time-out of its own. The Func calls its
// Public, and waits for it whatever the context says, until that has returned a usable key once. The Func fails if
// [New] does.
func Signer(signer crypto.Signer, id string) Func {
	var known atomic.Pointer[Key]
	return func(context.Context) (*Key, error) {
		if key := known.Load(); key != nil {
			return key, nil
		}
		key, err := New(signer, id, "")
		if err == nil {
			known.Store(key)
		}
		return key, err
	}
}

// File returns a Func that reads the file at path at every call, because mounted secrets are replaced while a program
// runs. [Parse] says what the file may contain. The Func fails, naming the path, if the file cannot be read, holds no
// such key, or is larger than 64 KiB.
func File(path string) Func { return FileWithID(path, "") }

// FileWithID is [File] for the key that the server knows as id: the one with that "kid" in a set of JSON Web Keys, or a
// key in PEM, which has no room for a "kid".
func FileWithID(path, id string) Func {
	return func(ctx context.Context) (*Key, error) {
		content, err := files.ReadInput(ctx, path, maxFile)
		if err != nil {
			return nil, fmt.Errorf("key file: %w", err)
		}
		key, err := ParseWithID(content, id)
		if err != nil {
			return nil, fmt.Errorf("key file: %s: %w", path, err)
		}
		return key, nil
	}
}
