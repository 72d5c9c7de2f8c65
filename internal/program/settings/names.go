package settings

import (
	"strconv"
	"strings"

	"github.com/alf-go/alf/internal/fielderror"
)

// Names are what the program calls the fields of alf.Config, by their paths.
type Names map[string]string

// Names returns the table's.
func (t Table) Names() Names {
	names := make(Names)
	for i := range t {
		s := &t[i]
		if s.Into != nil {
			continue
		}
		for _, field := range []string{s.Field, s.About} {
			if _, taken := names[field]; field != "" && (!taken || s.takes(Flag)) {
				names[field] = s.Label()
			}
		}
	}
	return names
}

// Of is the program's name of a field; the field itself if the program has no setting for it. An index is kept.
func (n Names) Of(field string) string {
	path, index, indexed := strings.Cut(field, "[")
	name, known := n[strings.TrimPrefix(path, "Config.")]
	switch {
	case !known:
		return field
	case indexed:
		return name + "[" + index
	}
	return name
}

// In replaces the names of fields in a text of the library: words of their own, outside quotes, paths and addresses.
func (n Names) In(text string) string {
	var b strings.Builder
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
		b.WriteString(n.word(text[:end]))
		text = text[end:]
	}
	return b.String()
}

// word replaces one with what precedes it and follows it: a blank or bracket, and punctuation.
func (n Names) word(word string) string {
	field := strings.TrimLeft(word, " \t\n(")
	before := word[:len(word)-len(field)]
	after := field[len(strings.TrimRight(field, ".,:;?!)")):]
	field = field[:len(field)-len(after)]
	return before + n.Of(field) + after
}

// Errors are the lines for an error of the library: one for each field that it is about, in the program's names.
func (n Names) Errors(err error) []string {
	var lines []string
	for _, e := range fielderror.All(err) {
		line := n.Of(e.Field) + ": " + n.In(e.Problem)
		if e.Remedy != "" {
			line += ": " + n.In(e.Remedy)
		}
		lines = append(lines, line)
	}
	return lines
}
