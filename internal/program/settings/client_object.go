package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/exit"
)

// Object is a JSON object of a file, whose members are settings of a client.
type Object struct {
	// File is the file's path, which paths in it are relative to.
	File string
	// At is how messages about the object as a whole begin.
	At string
	// Entries are its members.
	Entries []Entry
	// Inherited are those of an object that it takes the place of, member by member. A member that is null takes the
	// place of one without giving another. What excludes something inherited takes its place as well: an issuer that
	// of a token endpoint, credentials those of another kind.
	Inherited []Entry
}

// ReadObject reads the settings of a table from an object alone: neither flags nor variables have a part in it. They
// are those of a service. Its error reports everything that is wrong, each with where it stands, and has exit code 2.
func (t Table) ReadObject(o Object) (*Values, error) {
	v := Defaults()
	v.Service, v.object, v.names = true, o.At, t.keyNames()
	problems := exit.Problems(v.apply(t, o.Entries, o.File, File))
	v.apply(t, replaced(o.Inherited, o.Entries), o.File, Inherited) // its errors are those of another object
	if v.Timeout < 0 {
		problems.Note(fmt.Errorf("%s is %v: must not be negative; 0 waits forever", v.where["timeout"].Text, v.Timeout))
	}
	v.chooseServer()
	v.requireClient(&problems)
	v.chooseCredentials()
	v.chooseStyle(&problems)
	return v, problems.Err()
}

// CheckObject reports what is wrong with the members of an object that others inherit, and requires nothing.
func (t Table) CheckObject(o Object) error {
	v := Defaults()
	v.object = o.At
	return exit.Problems(v.apply(t, o.Entries, o.File, File)).Err()
}

// replaced are the inherited members of which an object has none of its own.
func replaced(inherited, own []Entry) (rest []Entry) {
	has := make(map[string]bool)
	for _, e := range own {
		has[e.Key] = true
	}
	for _, e := range inherited {
		if !has[e.Key] {
			rest = append(rest, e)
		}
	}
	return rest
}

// chooseCredentials drops inherited credentials where the object has its own of another kind, and does not say by its
// auth_style which it means. A certificate stays: it is presented with any style.
func (v *Values) chooseCredentials() {
	kinds := []struct {
		setting string
		path    *Path
	}{{"client_secret_file", &v.ClientSecretFile}, {"key_file", &v.KeyFile}, {"assertion_file", &v.AssertionFile}}
	own := false
	for _, k := range kinds {
		own = own || *k.path != "" && v.where[k.setting].Place == File
	}
	if !own || v.where["auth_style"].Place == File {
		return
	}
	for _, k := range kinds {
		if v.where[k.setting].Place == Inherited {
			*k.path = ""
			delete(v.where, k.setting)
		}
	}
	if v.where["auth_style"].Place == Inherited {
		v.Config.AuthStyle = alf.AuthBasic
		delete(v.where, "auth_style")
	}
}

// Digest names what all settings of a table come to: equal digests mean equal settings. Of what the files contain that
// they name, only that is a part of it which [Values.Configure] has read once and for all: the authorities. The rest is
// read again whenever it is needed.
func (v *Values) Digest(t Table) string {
	h := sha256.New()
	for i := range t {
		value := t[i].target(v)
		if value.Kind() == reflect.Func {
			continue // a secret, which no object has
		}
		if kind := value.Kind(); (kind == reflect.Slice || kind == reflect.Map) && value.Len() == 0 {
			value = reflect.Zero(value.Type()) // an empty one says no more than none
		}
		text, err := json.Marshal(value.Interface())
		if err != nil {
			text = fmt.Append(nil, "not valid: ", err)
		}
		fmt.Fprintf(h, "%s=%d:%s\n", t[i].Name, len(text), text)
	}
	h.Write(v.trusted[:])
	return hex.EncodeToString(h.Sum(nil))
}

// Originals returns a function that sets what variables of a table's settings have been set to back to what they are
// now, so that several objects can be read one after the other.
func (t Table) Originals() (reset func()) {
	var values []reflect.Value
	for i := range t {
		if t[i].Into != nil {
			original := reflect.New(reflect.TypeOf(t[i].Into).Elem()).Elem()
			original.Set(reflect.ValueOf(t[i].Into).Elem())
			values = append(values, original)
		}
	}
	return func() {
		next := 0
		for i := range t {
			if t[i].Into != nil {
				reflect.ValueOf(t[i].Into).Elem().Set(values[next])
				next++
			}
		}
	}
}
