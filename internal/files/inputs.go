package files

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
)

// Inputs are the files and environment variables that were read under one context. It holds digests, not what was read.
// It is safe for concurrent use.
type Inputs struct {
	mu  sync.Mutex
	all []input
}

type input struct {
	read   func() ([]byte, error)
	digest [sha256.Size]byte
	failed bool
}

type inputsKey struct{}

// WithInputs returns a context under which [ReadInput] and [Variable] record what they read.
func WithInputs(ctx context.Context) (context.Context, *Inputs) {
	inputs := new(Inputs)
	return context.WithValue(ctx, inputsKey{}, inputs), inputs
}

func record(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	content, err := read()
	if ctx == nil {
		return content, err
	}
	if inputs, ok := ctx.Value(inputsKey{}).(*Inputs); ok {
		inputs.mu.Lock()
		inputs.all = append(inputs.all, input{read, sha256.Sum256(content), err != nil})
		inputs.mu.Unlock()
	}
	return content, err
}

// Empty reports whether nothing was read.
func (i *Inputs) Empty() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.all) == 0
}

// Equal reports whether other read the same content, in the same order.
func (i *Inputs) Equal(other *Inputs) bool {
	return slices.Equal(i.digests(), other.digests())
}

func (i *Inputs) digests() (all [][sha256.Size]byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, in := range i.all {
		all = append(all, in.digest)
	}
	return all
}

// Changed reads all inputs again and reports whether one of them has another content now. One that cannot be read, or
// that holds no text, as in the middle of being replaced, has not changed.
func (i *Inputs) Changed() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, in := range i.all {
		content, err := in.read()
		if err == nil && Text(content) != "" && (in.failed || sha256.Sum256(content) != in.digest) {
			return true
		}
	}
	return false
}
