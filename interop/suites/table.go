package main

import (
	"fmt"
	"strings"

	"github.com/alf-go/alf/interop/readme"
	"github.com/alf-go/alf/interop/suites/wrap"
)

// The lines in README.md between which the rows are.
const (
	tableBegin = "<!-- the suites: written by go run ./suites -write -->\n"
	tableEnd   = "<!-- the end of the suites -->\n"
)

const tableHead = "| suite | version | tests | http.Client | adds a header | alf | alf, with 401s | reason |\n|---|---|--:|--:|--:|--:|--:|---|\n"

// row is a library's line of the table.
func (t *tally) row() string {
	var why []string
	if n := len(t.failures[wrap.Trivial]); n > 0 {
		text := "any transport around net/http's: " + names(t.failures[wrap.Trivial])
		if t.around != "" {
			text += " (" + t.around + ")"
		}
		why = append(why, text)
	}
	for _, k := range t.known {
		why = append(why, k.why)
	}
	return fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %s |\n", t.name, t.version(), t.tests, len(t.failures[wrap.None]),
		len(t.failures[wrap.Trivial]), len(t.failures[wrap.Alf]), len(t.failures[wrap.Rejected]), strings.Join(why, "; "))
}

// names are the names of tests without their packages and subtests, each once.
func names(tests []string) string {
	var found []string
	seen := map[string]bool{}
	for _, name := range tests {
		_, test, _ := strings.Cut(name, " ")
		if top, _, _ := strings.Cut(test, "/"); !seen[top] {
			seen[top] = true
			found = append(found, "`"+top+"`")
		}
	}
	return strings.Join(found, ", ")
}

// publish replaces the row of a library in a file.
func publish(file string, t *tally) error {
	part, err := readme.Find(file, tableBegin, tableEnd)
	if err != nil {
		return err
	}
	rows := map[string]string{}
	for line := range strings.Lines(part.Text) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		rows[name] = line
	}
	rows[t.name] = t.row()
	table := tableHead
	for _, l := range libraries {
		table += rows[l.name]
	}
	return part.Write(table)
}
