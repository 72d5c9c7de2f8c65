package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// plain is a section for a terminal.
func (s *section) plain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", strings.ToUpper(s.title))
	for _, t := range s.tables {
		b.WriteString(t.plain() + "\n")
	}
	for _, g := range s.goals {
		fmt.Fprintf(&b, "%-6s  %s: %s\n", g.status, g.what, g.numbers)
	}
	for _, n := range s.notes {
		fmt.Fprintf(&b, "note    %s\n", n)
	}
	return b.String()
}

// markdown is a section of RESULTS.md.
func (s *section) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n", s.title, s.text)
	b.WriteString("| goal | | numbers |\n|---|---|---|\n")
	for _, g := range s.goals {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", g.what, g.status, g.numbers)
	}
	for _, c := range s.charts {
		fmt.Fprintf(&b, "\n![%s](%s.svg)\n", c.title, c.file)
	}
	for _, t := range s.tables {
		b.WriteString("\n" + t.markdown())
	}
	for _, n := range s.notes {
		fmt.Fprintf(&b, "\n%s\n", n)
	}
	if s.before != "" {
		fmt.Fprintf(&b, "\n**Before**\n\n%s\n", s.before)
	}
	return b.String()
}

// write writes RESULTS.md and the pictures into a directory.
func write(dir string, m machine, sections []section) error {
	var b strings.Builder
	b.WriteString("# Measured\n\nWritten by `go -C bench run .`, which measures all of this side by side, in one run.\n\n")
	fmt.Fprintf(&b, "%s.\n\n", strings.ReplaceAll(m.String(), "\n", ".\n\n"))
	b.WriteString(summary(sections) + "\n\n")
	b.WriteString("Contestants take turns within each round, the order changing from round to round. Times are medians over the rounds; " +
		"the spread is the distance of the quartiles as a part of the median; a ratio is the median of the ratios within each round, with its 95 % interval where it is judged. A goal whose median is beyond " +
		"it while the interval is not is open: the machine was too noisy to tell.\n")
	for _, s := range sections {
		b.WriteString("\n" + s.markdown())
		for _, c := range s.charts {
			if err := os.WriteFile(filepath.Join(dir, c.file+".svg"), []byte(c.svg()), 0o644); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "RESULTS.md"), []byte(b.String()), 0o644)
}
