package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/program/suggest"
)

// Entry is one member of a JSON object whose keys are names of settings.
type Entry struct {
	Key   string
	Value json.RawMessage
	// At and KeyAt say where value and key stand, as messages begin with it: a path, or a path with line and column.
	At, KeyAt string
	// Label is what messages call the setting: the key, or a path of keys.
	Label string
}

// origin is where its value stands, in messages.
func (e *Entry) origin() string { return e.At + ": " + e.Label }

// apply sets what is not set yet, from a file at path. It refuses keys that it does not know, each by name: a setting
// that is misspelt must not silently have no effect. A setting that is null is not given.
func (v *Values) apply(t Table, entries []Entry, path string, place Places) (problems []error) {
	for i := range entries {
		e := &entries[i]
		s := t.find(e.Key)
		if s == nil || !s.takes(File) {
			problems = append(problems, v.unknown(e, t))
			continue
		}
		to := s.target(v)
		value := reflect.New(to.Type()).Elem()
		if string(e.Value) == "null" {
			continue
		}
		if err := decode(e.Value, value, path); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", e.origin(), err))
			continue
		}
		if _, given := v.where[s.Name]; given {
			continue
		}
		to.Set(value)
		v.where[s.Name] = Origin{place, e.origin()}
	}
	return problems
}

// decode reads the value of a setting in a file at path. Its errors say what the value should have been, and nothing of
// what it is.
func decode(raw json.RawMessage, to reflect.Value, path string) error {
	k := kindOf(to.Type())
	if err := k.fromFile(raw, to); err != nil {
		return k.wrongValue(err)
	}
	switch at := to.Interface().(type) {
	case Path:
		to.SetString(string(beside(path, at)))
	case Location:
		if at.scheme() == "" {
			to.SetString(string(beside(path, Path(at))))
		}
	}
	return nil
}

// Decode reads the value that a setting with an Into has in a file at path, which paths in it are relative to. Its
// error says what the value should have been.
func (s *Setting) Decode(raw json.RawMessage, path string) error {
	to := reflect.ValueOf(s.Into).Elem()
	value := reflect.New(to.Type()).Elem()
	if err := decode(raw, value, path); err != nil {
		return err
	}
	to.Set(value)
	return nil
}

// unknown says what to write for a key that does not exist.
func (v *Values) unknown(e *Entry, t Table) error {
	if e.Key == "client_secret" {
		elsewhere := ", or set ALF_CLIENT_SECRET"
		if v.object != "" {
			elsewhere = ""
		}
		return fmt.Errorf("%s: %s: a secret does not belong into this file: put it into one of its own "+
			"and name that in client_secret_file%s", e.KeyAt, e.Label, elsewhere)
	}
	var known []string
	for _, s := range t.in(File) {
		known = append(known, s.Name)
	}
	return errors.New(e.KeyAt + ": " + UnknownKey(e.Label, e.Key, known))
}

// UnknownKey says what to write for a key that does not exist, by the keys that do.
func UnknownKey(label, key string, known []string) string {
	guess := suggest.Phrase("%q", key, known)
	if guess == "" {
		guess = ": use " + strings.Join(sorted(known), ", ")
	}
	return fmt.Sprintf("unknown key %q%s", label, guess)
}

// Form says what the setting's value in a file is, such as "a string".
func (s *Setting) Form() string {
	return strings.TrimPrefix(kindOf(s.target(Defaults()).Type()).must, "must be ")
}

// Shown is a value as a configuration has it, for help texts.
func Shown(value any) string {
	if d, ok := value.(time.Duration); ok {
		text := d.String()
		if strings.HasSuffix(text, "m0s") {
			text = strings.TrimSuffix(text, "0s")
		}
		return text
	}
	return fmt.Sprint(value)
}
