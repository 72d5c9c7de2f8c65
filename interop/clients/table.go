package clients

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/alf-go/alf/interop/readme"
)

// Columns are those of the table.
var Columns = []string{"Requests", "Revocation", "Outage", "Short tokens", "Upload", "No token: endpoint down", "No token: client refused"}

// Table collects cells. Its methods are safe for concurrent use.
type Table struct {
	mu    sync.Mutex
	cells map[[2]string]string // by row and column
}

// Set sets a cell.
func (b *Table) Set(row, column, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cells == nil {
		b.cells = make(map[[2]string]string)
	}
	b.cells[[2]string{row, column}] = text
}

// Row is a client's name in the table.
func (c *Client) Row() string {
	connects := "Unix socket"
	if c.TCP {
		connects = "TCP, caller secret"
	}
	return c.Name + " | " + c.Version() + " | " + connects
}

// Markdown is the table; false if a cell is missing.
func (b *Table) Markdown(rows []string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out strings.Builder
	out.WriteString("| client | version | connects to | " + strings.Join(Columns, " | ") + " |\n|---|---|---|" +
		strings.Repeat(":-:|", len(Columns)) + "\n")
	for _, row := range rows {
		out.WriteString("| " + row + " |")
		for _, column := range Columns {
			text, found := b.cells[[2]string{row, column}]
			if !found {
				return "", false
			}
			fmt.Fprintf(&out, " %s |", text)
		}
		out.WriteString("\n")
	}
	return out.String(), true
}

const (
	tableBegin = "<!-- the table: written by go test -->\n"
	tableEnd   = "<!-- the end of the table -->\n"
)

var version = regexp.MustCompile(`\d+(\.\d+)+`)

// Publish writes the table into a file. With CI set it only compares, and versions are not compared.
func Publish(file, text string) error {
	part, err := readme.Find(file, tableBegin, tableEnd)
	if err != nil {
		return err
	}
	return part.Publish(text, "the clients got", func(before, after string) bool {
		return version.ReplaceAllString(before, "") == version.ReplaceAllString(after, "")
	})
}
