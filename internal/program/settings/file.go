package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/alf-go/alf/internal/files"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/suggest"
)

// MaxFile keeps a path that points at the wrong thing from being read into memory.
const MaxFile = 1 << 20

// file is the configuration file, a JSON object whose keys are names of settings.
type file struct {
	path string
	keys []member
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

// at names a key in messages.
func (f *file) at(key string) string { return f.path + ": " + key }

// apply sets what is not set yet. It refuses keys that it does not know, each by name: a setting that is misspelt must
// not silently have no effect.
func (f *file) apply(t Table, v *Values) error {
	var problems exit.Problems
	for _, m := range f.keys {
		s := t.find(m.key)
		if s == nil || !s.takes(File) {
			problems.Note(f.unknown(m.key, t))
			continue
		}
		to := s.target(v)
		value, k := reflect.New(to.Type()).Elem(), kindOf(to.Type())
		if string(m.value) == "null" {
			continue
		}
		if err := k.fromFile(m.value, value); err != nil {
			problems.Note(fmt.Errorf("%s: %w", f.at(m.key), k.wrongValue(err)))
			continue
		}
		if _, given := v.where[s.Name]; given {
			continue
		}
		switch at := value.Interface().(type) {
		case Path:
			value.SetString(string(beside(f.path, at)))
		case Location:
			if at.scheme() == "" {
				value.SetString(string(beside(f.path, Path(at))))
			}
		}
		to.Set(value)
		v.where[s.Name] = Origin{File, f.at(m.key)}
	}
	return errors.Join(problems...)
}

// unknown says what to write for a key that does not exist.
func (f *file) unknown(key string, t Table) error {
	if key == "client_secret" {
		return fmt.Errorf("%s: a secret does not belong into this file: put it into one of its own "+
			"and name that in client_secret_file, or set ALF_CLIENT_SECRET", f.at(key))
	}
	var known []string
	for _, s := range t.in(File) {
		known = append(known, s.Name)
	}
	guess := suggest.Phrase("%q", key, known)
	if guess == "" {
		guess = ": use " + strings.Join(sorted(known), ", ")
	}
	return fmt.Errorf("%s: unknown key %q%s", f.path, key, guess)
}
