package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/alf-go/alf/internal/files"
	"github.com/alf-go/alf/internal/program/exit"
)

// MaxFile keeps a path that points at the wrong thing from being read into memory.
const MaxFile = 1 << 20

// file is the configuration file, a JSON object whose keys are names of settings.
type file struct {
	path string
	keys []member
}

// entries are its members, as messages call them.
func (f *file) entries() []Entry {
	var all []Entry
	for _, m := range f.keys {
		all = append(all, Entry{Key: m.key, Value: m.value, At: f.path, KeyAt: f.path, Label: m.key})
	}
	return all
}

// readFile reads the file that was asked for, or the one at the usual place if it is there.
func readFile(path string, asked bool, env *Environment) (*file, error) {
	if !asked {
		path = usualFile(env)
	}
	if path == "" {
		return &file{}, nil
	}
	content, err := files.Read(path, MaxFile)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return &file{}, nil
	}
	if err != nil {
		return nil, exit.Usagef("configuration file: %w", err)
	}
	keys, err := members(content)
	if twice := occursTwice(""); errors.As(err, &twice) {
		err = fmt.Errorf("%w: remove one", twice)
	}
	if err != nil {
		return nil, exit.Usagef("%s: %w", path, err)
	}
	return &file{path, keys}, nil
}

func usualFile(env *Environment) string {
	if dir := env.Get("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "alf", "config.json")
	}
	if home := env.Get("HOME"); home != "" {
		return filepath.Join(home, ".config", "alf", "config.json")
	}
	return ""
}
