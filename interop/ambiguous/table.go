package ambiguous

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// A Row is a request in the table, with the texts of the outcomes by the name of the program.
type Row struct {
	Name, Section string
	Outcomes      map[string]Outcome
}

// A Table has the rows for one version of HTTP.
type Table struct {
	Title    string
	Programs []*Program // the columns
	Rows     []*Row
}

const (
	tableBegin = "<!-- the tables: written by go test -->\n"
	tableEnd   = "<!-- the end of the tables -->\n"
)

// Markdown is the table, under a heading.
func (table *Table) Markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n## %s\n\n%s%s\n", table.Title, table.header(), strings.Repeat("|---", len(table.Programs)+2)+"|")
	for _, row := range table.Rows {
		fmt.Fprintf(&out, "| %s | %s |", cell(row.Name), row.Section)
		for _, program := range table.Programs {
			fmt.Fprintf(&out, " %s |", row.Outcomes[program.Name].Text)
		}
		out.WriteString("\n")
	}
	return out.String()
}

// header has the versions.
func (table *Table) header() string {
	var out strings.Builder
	out.WriteString("| request | about |")
	for _, program := range table.Programs {
		fmt.Fprintf(&out, " %s |", program.Version())
	}
	return out.String() + "\n"
}

// cell is a name as a cell, in which nothing is Markdown.
func cell(name string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", `\<`, "*", `\*`, "_", `\_`, "[", `\[`, "`", "\\`").Replace(name)
}

// Expected is the text that a file of tables has for a program's outcome; "" if it has none, or of another version.
func (table *Table) Expected(file string, row *Row, program *Program) string {
	_, part, _ := strings.Cut(file, "\n## "+table.Title+"\n")
	part, _, _ = strings.Cut(part, "\n## ")
	column := 0
	for line := range strings.SplitSeq(part, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		for i, text := range cells {
			if column == 0 && text == program.Version() {
				column = i
			}
		}
		if column > 0 && column < len(cells) && cells[0] == cell(row.Name) {
			return cells[column]
		}
	}
	return ""
}

// Legend says what the words in the tables mean.
func Legend() string {
	var out strings.Builder
	out.WriteString("\n| word | what reached the server |\n|---|---|\n")
	for _, danger := range dangers[1:] {
		fmt.Fprintf(&out, "| %s | %s |\n", danger.short, danger.long)
	}
	return out.String()
}

// Publish writes text into a file, between its marks. With CI set, it only compares.
func Publish(file, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	first, rest, found := strings.Cut(string(content), tableBegin)
	_, last, ended := strings.Cut(rest, tableEnd)
	if !found || !ended {
		return fmt.Errorf("%s has lost the marks of its tables: %q and %q", file, tableBegin, tableEnd)
	}
	written := first + tableBegin + text + tableEnd + last
	switch {
	case written == string(content):
		return nil
	case os.Getenv("CI") != "":
		return errors.New("the tables in " + file + " are not what the proxies did: run go test there and commit it\n" +
			difference(string(content), written))
	}
	return os.WriteFile(file, []byte(written), 0o644)
}

// difference is the lines that only one of two texts has.
func difference(before, after string) string {
	var out strings.Builder
	for _, side := range []struct{ mark, text, other string }{{"- ", before, after}, {"+ ", after, before}} {
		for line := range strings.SplitSeq(side.text, "\n") {
			if !strings.Contains("\n"+side.other+"\n", "\n"+line+"\n") {
				out.WriteString(side.mark + line + "\n")
			}
		}
	}
	return out.String()
}
