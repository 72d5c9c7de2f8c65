package settings

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/alf-go/alf/internal/fielderror"
)

// Names are what the program calls the fields of alf.Config, by their paths.
type Names map[string]string

// Names returns the table's.
func (t Table) Names() Names { return t.names((*Setting).Label) }

// keyNames are those of an object in a file.
func (t Table) keyNames() Names { return t.names(func(s *Setting) string { return s.Name }) }

func (t Table) names(label func(*Setting) string) Names {
	names := make(Names)
	for i := range t {
		s := &t[i]
		field := s.About
		if field == "" {
			field = s.Field
			if _, own := reflect.TypeFor[Inputs]().FieldByName(field); own || s.Into != nil {
				continue
			}
		}
		if _, taken := names[field]; !taken || s.takes(Flag) {
			names[field] = label(s)
		}
	}
	return names
}

// Of is the program's name of a field; the field itself if the program has no setting for it. An index is kept.
func (n Names) Of(field string) string {
	if name, ok := n.lookup(field); ok {
		return name
	}
	if name, ok := n.lookup("Config." + field); ok {
		return name
	}
	return field
}

// lookup finds a field by its path, which may begin with Config and end with an index.
func (n Names) lookup(field string) (string, bool) {
	path, index, indexed := strings.Cut(field, "[")
	if indexed {
		index = "[" + index
	}
	if name, ok := n[path]; ok {
		return name + index, true
	}
	name, ok := n[strings.TrimPrefix(path, "Config.")]
	return name + index, ok
}

// In replaces the names of fields in a text of the library: words of their own, outside quotes, paths and addresses.
func (n Names) In(text string) string {
	var b strings.Builder
	last := ""
	for text != "" {
		if text[0] == '"' {
			if quoted, err := strconv.QuotedPrefix(text); err == nil {
				b.WriteString(quoted)
				text = text[len(quoted):]
				continue
			}
		}
		end := strings.IndexAny(text[1:], " \t\n(\"") + 1
		if end == 0 {
			end = len(text)
		}
		b.WriteString(n.word(text[:end], last))
		last = strings.TrimSpace(text[:end])
		text = text[end:]
	}
	return b.String()
}

// word replaces one with what precedes it and follows it: a blank or bracket, and punctuation. last is the word before
// it.
func (n Names) word(word, last string) string {
	field := strings.TrimLeft(word, " \t\n(")
	before := word[:len(word)-len(field)]
	after := field[len(strings.TrimRight(field, ".,:;?!)")):]
	field = field[:len(field)-len(after)]
	name, ok := n.lookup(field)
	if !ok && (last == "set" || last == "unset") {
		name, ok = n.lookup("Config." + field)
	}
	if !ok {
		name = field
	}
	return before + name + after
}

// Errors has a line for each part of a joined error of the library, in the program's names.
func (n Names) Errors(err error) []string {
	switch e := err.(type) {
	case nil:
		return nil
	case *fielderror.Error:
		line := n.Of(e.Field) + ": " + n.In(e.Problem)
		if e.Remedy != "" {
			line += ": " + n.In(e.Remedy)
		}
		return []string{line}
	case interface{ Unwrap() []error }:
		var lines []string
		for _, part := range e.Unwrap() {
			lines = append(lines, n.Errors(part)...)
		}
		return lines
	}
	if joined := (interface{ Unwrap() []error })(nil); errors.As(err, &joined) {
		return n.Errors(errors.Join(joined.Unwrap()...))
	}
	return []string{n.In(err.Error())}
}
