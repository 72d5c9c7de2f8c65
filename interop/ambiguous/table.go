package ambiguous

import (
	"fmt"
	"strings"

	"github.com/alf-go/alf/interop/readme"
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

// Legend says what the terms in the tables mean.
func Legend() string {
	var out strings.Builder
	out.WriteString("\n| word | what reached the server |\n|---|---|\n")
	for _, danger := range dangers[1:] {
		fmt.Fprintf(&out, "| %s | %s |\n", danger.short, danger.long)
	}
	return out.String()
}

// Publish writes text into a file. With CI set, it only compares.
func Publish(file, text string) error {
	part, err := readme.Find(file, tableBegin, tableEnd)
	if err != nil {
		return err
	}
	return part.Publish(text, "the proxies did", nil)
}
