package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
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

const (
	resultsFile = "RESULTS.md"
	beforeTitle = "\n## "
)

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
	}
	return writeAll(dir, b.String(), sections)
}

// update replaces those sections of RESULTS.md that were measured again, on a day. New ones come last.
func update(dir string, day time.Time, sections []section) error {
	old, err := os.ReadFile(filepath.Join(dir, resultsFile))
	if err != nil {
		return err
	}
	parts := strings.Split(string(old), beforeTitle)
	for _, s := range sections {
		s.notes = append(slices.Clip(s.notes), "Measured by itself on "+day.Format(time.DateOnly)+".")
		text := strings.TrimPrefix("\n"+s.markdown(), beforeTitle)
		at := slices.IndexFunc(parts, func(part string) bool { return strings.HasPrefix(part, s.title+"\n") })
		if at < 0 {
			parts[len(parts)-1] = strings.TrimRight(parts[len(parts)-1], "\n") + "\n"
			parts = append(parts, text)
			continue
		}
		if at < len(parts)-1 {
			text = strings.TrimRight(text, "\n") + "\n"
		}
		parts[at] = text
	}
	numbers := map[status]int{}
	for _, line := range strings.Split(strings.Join(parts[1:], "\n"), "\n") {
		if cells := strings.Split(line, " | "); len(cells) == 3 {
			numbers[status(cells[1])]++
		}
	}
	head := strings.Split(parts[0], "\n")
	for i, line := range head {
		if strings.HasPrefix(line, summaryBegins) {
			head[i] = summaryOf(numbers)
		}
	}
	parts[0] = strings.Join(head, "\n")
	return writeAll(dir, strings.Join(parts, beforeTitle), sections)
}

// writeAll writes the file and the pictures.
func writeAll(dir, text string, sections []section) error {
	for _, s := range sections {
		for _, c := range s.charts {
			if err := os.WriteFile(filepath.Join(dir, c.file+".svg"), []byte(c.svg()), 0o644); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, resultsFile), []byte(text), 0o644)
}
