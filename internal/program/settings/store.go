package settings

import (
	"github.com/alf-go/alf"
	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/internal/files"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/seal"
)

// configureStore opens the directory through which the token is shared. It is not closed: nothing of it runs when the
// client has ended, and the program ends with that.
func (v *Values) configureStore() error {
	if v.StoreKeyFile != "" && v.StoreDir == "" {
		return exit.Usagef("--store-key-file is of use only with --store: add that, or remove it")
	}
	if v.StoreDir == "" {
		return nil
	}
	s, err := filestore.New(string(v.StoreDir))
	if err != nil {
		return exit.Usagef("--store: %w", err)
	}
	v.Config.Store = s
	if v.StoreKeyFile == "" {
		return nil
	}
	key, err := files.Read(string(v.StoreKeyFile), MaxFile)
	if err != nil {
		return exit.Usagef("--store-key-file: %w", err)
	}
	if len(key) < seal.MinKey {
		return exit.Usagef("--store-key-file: the key is shorter than %d bytes: make one with openssl rand -out PATH 32", seal.MinKey)
	}
	v.Config.StoreKey = alf.StoreKey(string(key))
	return nil
}
