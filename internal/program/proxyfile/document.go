package proxyfile

import (
	"fmt"
	"strings"

	"github.com/alf-go/alf/internal/program/settings"
)

// Document is the schema as the tables of docs/proxy.md.
func Document() string {
	var b strings.Builder
	for i, part := range []struct {
		title string
		schema
	}{
		{"The file", newConfig().schema()},
		{"A listener", newListener().schema()},
		{"A route", newRoute().schema()},
	} {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "### %s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", part.title)
		for i := range part.schema {
			f := &part.schema[i]
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.value(), f.byDefault(), f.meaning())
		}
	}
	return b.String()
}

// value says what the value is.
func (f *field) value() string {
	switch {
	case f.form != "":
		return f.form
	case f.choices != nil:
		var texts []string
		for _, c := range f.choices {
			texts = append(texts, "`"+c.text+"`")
		}
		return listed(texts, "or")
	}
	return strings.ReplaceAll(f.Form(), `"30s"`, "`\"30s\"`")
}

func (f *field) byDefault() string {
	switch text := f.initial(); {
	case f.required:
		return "required"
	case text != "":
		return "`" + text + "`"
	}
	return "–"
}

// meaning is the help, followed by what each choice means.
func (f *field) meaning() string {
	if f.choices == nil {
		return strings.ReplaceAll(f.Help, "`", "")
	}
	text, _, _ := strings.Cut(f.Help, ", by `")
	text += ":"
	for i, c := range f.choices {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" `%s` %s", c.text, c.meaning)
	}
	return text
}

// Help is the part of a command's help about the file.
func Help(t settings.Table) string {
	keys := func(s schema) string { return settings.Wrap(strings.Join(s.names(), ", "), 92) }
	return "The file is a JSON object with the keys\n" + keys(newConfig().schema()) + ".\nEach of listeners has the keys\n" + keys(newListener().schema()) +
		".\nEach of routes has the keys\n" + keys(newRoute().schema()) + ".\nclient and each of tenants have the keys\n" + settings.Wrap(t.Keys(), 92) + "."
}
