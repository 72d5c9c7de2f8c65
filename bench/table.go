package main

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// table is a title, column heads and rows. The first column is text; the others are numbers, and stand to the right.
type table struct {
	title string
	heads []string
	rows  [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// plain is the table for a terminal.
func (t *table) plain() string {
	widths := make([]int, len(t.heads))
	for _, row := range append([][]string{t.heads}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	if t.title != "" {
		fmt.Fprintf(&b, "%s\n", t.title)
	}
	line := func(row []string) {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch {
			case i == 0 && i == len(row)-1:
				b.WriteString(cell)
			case i == 0:
				b.WriteString(cell + pad)
			default:
				b.WriteString("  " + pad + cell)
			}
		}
		b.WriteByte('\n')
	}
	line(t.heads)
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	b.WriteString(strings.Repeat("─", total) + "\n")
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}

// markdown is the table for RESULTS.md.
func (t *table) markdown() string {
	var b strings.Builder
	if t.title != "" {
		fmt.Fprintf(&b, "**%s**\n\n", t.title)
	}
	line := func(row []string) {
		b.WriteByte('|')
		for _, cell := range row {
			b.WriteString(" " + strings.ReplaceAll(cell, "|", `\|`) + " |")
		}
		b.WriteByte('\n')
	}
	line(t.heads)
	b.WriteString("|---|" + strings.Repeat("---:|", len(t.heads)-1) + "\n")
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}

// number writes three digits of a number, and commas in a long one.
func number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case a == 0:
		return "0"
	case a < 10:
		return fmt.Sprintf("%.2f", v)
	case a < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return count(int(math.Round(v)))
}

// count writes an integer with commas.
func count(n int) string {
	if n < 0 {
		return "-" + count(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", count(n/1000), n%1000)
}

func ratio(v float64) string { return fmt.Sprintf("%.2fx", v) }

// exactly is a ratio that is judged by its third digit.
func exactly(v float64) string { return fmt.Sprintf("%.3f", v) }

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

// duration writes three digits of a duration.
func duration(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < time.Millisecond:
		return number(float64(d)/1e3) + " µs"
	case d < time.Second:
		return number(float64(d)/1e6) + " ms"
	}
	return number(float64(d)/1e9) + " s"
}

// size writes a number of bytes.
func size(bytes float64) string {
	switch {
	case bytes < 10<<10:
		return number(math.Round(bytes)) + " B"
	case bytes < 10<<20:
		return number(bytes/(1<<10)) + " KiB"
	}
	return number(bytes/(1<<20)) + " MiB"
}
