package proxyfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/program/exit"
)

// spot is where a value is given: in a file by its position and path, on the command line by a flag.
type spot struct {
	at   position
	file string
	// label is the path of keys, such as routes[0].upstream, or the flag or variable.
	label string
}

// prefix is how messages about it begin.
func (s spot) prefix() string {
	if s.file == "" {
		return s.label
	}
	if s.label == "" {
		return s.where()
	}
	return s.where() + ": " + s.label
}

// where is the file and the position in it.
func (s spot) where() string { return fmt.Sprintf("%s:%d:%d", s.file, s.at.line, s.at.column) }

// problem is a message with where it belongs in the order of all.
type problem struct {
	at   position
	text string
}

// problems are gathered, so that all are reported at once.
type problems struct{ errors, warnings []problem }

// add notes what makes no sense: a sentence that says why, and what to do about it.
func (p *problems) add(at spot, format string, args ...any) {
	p.errors = append(p.errors, problem{at.at, at.prefix() + ": " + fmt.Sprintf(format, args...)})
}

// warn notes what can be meant, but seldom is.
func (p *problems) warn(at spot, format string, args ...any) {
	p.warnings = append(p.warnings, problem{at.at, at.prefix() + ": " + fmt.Sprintf(format, args...)})
}

// lines notes an error that has a line for each problem, and says itself where they are.
func (p *problems) lines(at spot, err error) {
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		p.errors = append(p.errors, problem{at.at, strings.TrimSpace(line)})
	}
}

// err has all problems in the order of the file, and exit code 2. Nil: there are none.
func (p *problems) err() error {
	var all exit.Problems
	for _, text := range sorted(p.errors) {
		all.Note(errors.New(text))
	}
	return all.Err()
}

func sorted(all []problem) (texts []string) {
	slices.SortStableFunc(all, func(a, b problem) int { return a.at.compare(b.at) })
	for _, p := range all {
		texts = append(texts, p.text)
	}
	return slices.Compact(texts)
}
