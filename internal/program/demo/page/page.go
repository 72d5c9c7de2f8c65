// Package page writes text with tables in it.
package page

import (
	"strings"
	"unicode/utf8"
)

// Page is text in the making. Its zero value is empty.
type Page struct{ text strings.Builder }

// Line adds one.
func (p *Page) Line(text string) {
	p.text.WriteString(strings.TrimRight(text, " "))
	p.text.WriteByte('\n')
}

// String is the text so far.
func (p *Page) String() string { return p.text.String() }

// Table starts one with columns of these widths, the first of them set to the left, the others to the right.
func (p *Page) Table(widths ...int) Table { return Table{p, widths} }

// Table is a part of a page with columns.
type Table struct {
	page   *Page
	widths []int
}

// Row adds one, with as many cells as there are columns, or fewer.
func (t Table) Row(first string, others ...string) {
	line := first + padding(t.widths[0], first)
	for i, cell := range others {
		line += padding(t.widths[i+1], cell) + cell
	}
	t.page.Line(line)
}

// Rule adds a line across all columns.
func (t Table) Rule() {
	width := 0
	for _, w := range t.widths {
		width += w
	}
	t.page.Line(strings.Repeat("─", width))
}

func padding(width int, cell string) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(cell), 0))
}
