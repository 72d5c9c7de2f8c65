package settings

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/internal/files"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/seal"
	"github.com/alf-go/alf/store"
)

// Stores open what a program has built in besides directories, by the scheme of its URL.
type Stores map[string]OpenStore

// OpenStore opens the store at a URL. An error is about the URL. A store that does not work yet is no error, because
// commands work without it, but goes to warn.
type OpenStore func(ctx context.Context, url string, warn func(error)) (store.Store, error)

// configureStore opens the store through which the token is shared. It is not closed: nothing of it runs when the
// client has ended, and the program ends with that.
func (v *Values) configureStore(ctx context.Context, stores Stores, warn func(error)) error {
	if v.StoreKeyFile != "" && v.StoreAt == "" {
		return exit.Usagef("%s is of use only with %s: add that, or remove it", v.at("store_key_file"), v.name("store"))
	}
	if v.StoreAt == "" {
		return nil
	}
	s, err := v.openStore(ctx, stores, warn)
	if err != nil {
		return exit.Usagef("%s: %w", v.at("store"), err)
	}
	v.Config.Store = s
	if v.StoreKeyFile == "" {
		return nil
	}
	key := &storeKey{path: string(v.StoreKeyFile)}
	if err := key.update(ctx); err != nil {
		return exit.Usagef("%s: %w", v.at("store_key_file"), err)
	}
	v.Config.StoreKey = key.read
	return nil
}

// storeKey is a key in a file, which may be replaced while it is in use: the one before is kept beside it, and both
// stay while the file cannot be read or is being written. It is safe for concurrent use.
type storeKey struct {
	path string

	mu                sync.Mutex
	current, previous []byte
}

// read returns the keys as they are now.
func (k *storeKey) read(ctx context.Context) (current, previous []byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.update(ctx); err != nil && k.current == nil {
		return nil, nil, err
	}
	return k.current, k.previous, nil
}

// update reads the file.
func (k *storeKey) update(ctx context.Context) error {
	key, err := files.ReadInput(ctx, k.path, MaxFile)
	switch {
	case err != nil:
		return err
	case len(key) < seal.MinKey:
		return fmt.Errorf("the key is shorter than %d bytes: make one with openssl rand -out PATH 32", seal.MinKey)
	case !bytes.Equal(key, k.current):
		k.current, k.previous = key, k.current
	}
	return nil
}

func (v *Values) openStore(ctx context.Context, stores Stores, warn func(error)) (store.Store, error) {
	scheme := v.StoreAt.scheme()
	if scheme == "" {
		return filestore.New(string(v.StoreAt))
	}
	open := stores[scheme]
	switch {
	case open != nil:
		return open(ctx, string(v.StoreAt), func(err error) { warn(fmt.Errorf("%s: %w", v.at("store"), err)) })
	case len(stores) > 0:
		known := slices.Sorted(maps.Keys(stores))
		return nil, fmt.Errorf("%s:// is no store that is known: use a directory, or %s://", scheme, strings.Join(known, "://, "))
	}
	return nil, fmt.Errorf("this program has no store for %s://: use a directory, or for Redis the program in redisstore/cmd/alf", scheme)
}
