package report

import (
	"strings"
	"unicode/utf8"
)

// page is text in the making.
type page struct{ text strings.Builder }

func (p *page) line(text string) {
	p.text.WriteString(strings.TrimRight(text, " "))
	p.text.WriteByte('\n')
}

// table starts one with columns of these widths, the first of them set to the left, the others to the right.
func (p *page) table(widths ...int) table { return table{p, widths} }

type table struct {
	page   *page
	widths []int
}

func (t table) row(first string, others ...string) {
	line := first + padding(t.widths[0], first)
	for i, cell := range others {
		line += padding(t.widths[i+1], cell) + cell
	}
	t.page.line(line)
}

func (t table) rule() {
	width := 0
	for _, w := range t.widths {
		width += w
	}
	t.page.line(strings.Repeat("─", width))
}

func padding(width int, cell string) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(cell), 0))
}
