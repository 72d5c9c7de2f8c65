package interop

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/alf-go/alf/interop/readme"
)

// results are what the table in README.md is made of.
var results = &table{cells: map[[3]string]cell{}}

// table collects outcomes. It is complete once every column of every case of every server has one, and every resource
// of every API.
type table struct {
	mu     sync.Mutex
	rows   []tableRow
	cells  map[[3]string]cell // by folder, case and column; by API, tokens and what it says
	absent []string           // the servers that are not installed or not selected
}

type tableRow struct{ folder, server, name string }

type cell struct{ mark, why string }

// expect says that there is a row for a case. With -count it is said more than once.
func (b *table) expect(folder, server, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if row := (tableRow{folder, server, name}); !slices.Contains(b.rows, row) {
		b.rows = append(b.rows, row)
	}
}

// leaveOut says that a server was not tried, or not all of it.
func (b *table) leaveOut(folder string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.absent = append(b.absent, folder)
}

func (b *table) add(folder, name, column, mark, why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cells[[3]string{folder, name, column}] = cell{mark, why}
}

func outcome(t *testing.T) string {
	switch {
	case t.Failed():
		return "✗"
	case t.Skipped():
		return "–"
	}
	return "✓"
}

const (
	tableBegin = "<!-- the table: written by go test -->\n"
	tableEnd   = "<!-- the end of the table -->\n"
)

// publish writes the table into a file. It does nothing if not all was run, and in CI it only compares.
func (b *table) publish(file string) error {
	text, complete := b.markdown()
	if !complete {
		return nil
	}
	part, err := readme.Find(file, tableBegin, tableEnd)
	if err != nil {
		return err
	}
	return part.Publish(text, "the servers did", nil)
}

// markdown is the same for the same outcomes, in whatever order the rows ran.
func (b *table) markdown() (text string, complete bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out, notes strings.Builder
	var reasons []string
	out.WriteString("| server | client |")
	for _, column := range columns {
		fmt.Fprintf(&out, " %s |", column.name)
	}
	out.WriteString("\n|---|---|" + strings.Repeat(":-:|", len(columns)) + "\n")
	for _, s := range servers {
		tried := false
		for _, r := range b.rows {
			if r.folder != s.folder {
				continue
			}
			tried = true
			fmt.Fprintf(&out, "| %s | %s |", r.server, r.name)
			for _, column := range columns {
				c, ok := b.cells[[3]string{r.folder, r.name, column.name}]
				if !ok {
					return "", false
				}
				fmt.Fprintf(&out, " %s", c.mark)
				if c.why != "" {
					if !slices.Contains(reasons, c.why) {
						reasons = append(reasons, c.why)
						fmt.Fprintf(&notes, "%d. %s\n", len(reasons), c.why)
					}
					fmt.Fprintf(&out, " (%d)", slices.Index(reasons, c.why)+1)
				}
				out.WriteString(" |")
			}
			out.WriteString("\n")
		}
		if !tried {
			return "", false
		}
	}
	if len(reasons) > 0 {
		out.WriteString("\n" + notes.String())
	}
	out.WriteString("\n| API | tokens of oidc-provider | what it refuses with | |\n|---|---|---|:-:|\n")
	for _, a := range apis {
		for _, r := range a.resources {
			c, ok := b.cells[[3]string{a.name, r.name, r.says}]
			if !ok {
				return "", false
			}
			fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", a.name, r.name, r.says, c.mark)
		}
	}
	return out.String(), len(b.absent) == 0
}
