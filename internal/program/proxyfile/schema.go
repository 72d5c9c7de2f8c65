// Package proxyfile has the configuration of `alf proxy`: a file, or flags for a single route. There is one schema, the
// tables of fields in schema_file.go, schema_listener.go and schema_route.go: keys, flags, help, documentation and
// validation come from it. The settings of clients come from the table of package settings.
//
//	schema.go       what a field is
//	position.go     JSON with line and column
//	read.go         a file, by the schema
//	flags.go        one route, from flags
//	validate.go     what makes no sense in the whole; address.go, listener.go, route.go: in its parts
//	client.go       settings to clients
//	load.go         all of this in order: what a proxy is made from
//	document.go     the schema as documentation
package proxyfile

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/program/settings"
)

// field is one line of the schema.
type field struct {
	// Setting has the key, the help and, in Into, where the value goes. What that holds at first is the default. From
	// says whether there is a flag.
	settings.Setting
	// flag is the name of the flag and variable, as a key. "": that of the setting.
	flag string
	// required fields have no default.
	required bool
	// choices are the texts that the value may be. Nil: any.
	choices []choice
	// check reports what makes no sense in the value alone: why, and what to do about it. Nil: nothing.
	check func() string
	// read takes a value that is an object or an array of objects. Then Into is nil, and form says what it is.
	read func(r *reader, n *node, label string)
	form string
}

// choice is a text that a value may be, and what it means.
type choice struct{ text, meaning string }

// schema is a table of fields.
type schema []field

func (s schema) find(name string) *field {
	for i := range s {
		if s[i].Name == name {
			return &s[i]
		}
	}
	return nil
}

func (s schema) names() (names []string) {
	for i := range s {
		names = append(names, s[i].Name)
	}
	return names
}

// problem is what makes no sense in a field's value; "" if nothing does. It never repeats the value, which may be a
// secret at the wrong place.
func (f *field) problem() string {
	if f.choices != nil {
		value := reflect.ValueOf(f.Into).Elem().String()
		if slices.Contains(f.texts(), value) {
			return ""
		}
		return "must be " + listed(f.texts(), "or")
	}
	if f.check != nil {
		return f.check()
	}
	return ""
}

// texts are those of the choices.
func (f *field) texts() (texts []string) {
	for _, c := range f.choices {
		texts = append(texts, c.text)
	}
	return texts
}

// initial is the default as text; "" if there is none.
func (f *field) initial() string {
	if f.Into == nil || f.required {
		return ""
	}
	value := reflect.ValueOf(f.Into).Elem()
	switch value.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		if value.Len() == 0 {
			return ""
		}
	}
	return settings.Shown(value.Interface())
}

// listed is "a, b or c".
func listed(texts []string, word string) string {
	last := len(texts) - 1
	if last < 1 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:last], ", ") + " " + word + " " + texts[last]
}

// given says where an object and its members stand.
type given struct {
	self    spot
	members map[string]spot
	// bad are members that could not be read: nothing else is to be said of them.
	bad map[string]bool
	// flags says that it comes from flags, whose names these are by keys.
	flags map[string]string
}

// has reports whether a member is given.
func (g *given) has(key string) bool { _, ok := g.members[key]; return ok }

// good reports whether nothing is known to be wrong with members.
func (g *given) good(keys ...string) bool {
	for _, key := range keys {
		if g.bad[key] {
			return false
		}
	}
	return true
}

// at is where a member stands, or would.
func (g *given) at(key string) spot {
	if s, ok := g.members[key]; ok {
		return s
	}
	if g.flags != nil {
		return spot{label: g.flags[key]}
	}
	s := g.self
	s.label = path(s.label, key)
	return s
}

// name is what a remedy calls a member that may be given.
func (g *given) name(key string) string {
	if g.flags != nil {
		return g.flags[key]
	}
	return key
}

// note marks where a member stands.
func (g *given) note(key string, at spot) {
	if g.members == nil {
		g.members, g.bad = make(map[string]spot), make(map[string]bool)
	}
	g.members[key] = at
}

// missing notes that a required member is.
func (p *problems) missing(g *given, key, remedy string) {
	if g.flags != nil {
		p.errors = append(p.errors, problem{text: g.flags[key] + " is missing: " + remedy})
		return
	}
	p.add(g.self, "%s is missing: %s", key, remedy)
}
