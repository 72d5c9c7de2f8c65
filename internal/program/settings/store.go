package settings

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alf-go/alf"
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
	key, err := files.Read(string(v.StoreKeyFile), MaxFile)
	if err != nil {
		return exit.Usagef("%s: %w", v.at("store_key_file"), err)
	}
	if len(key) < seal.MinKey {
		return exit.Usagef("%s: the key is shorter than %d bytes: make one with openssl rand -out PATH 32", v.at("store_key_file"), seal.MinKey)
	}
	v.Config.StoreKey = alf.StoreKey(string(key))
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
