// Package readme writes the parts of documents that a run of tests or of a program makes, such as tables.
package readme

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Part is what stands between two lines of a file.
type Part struct {
	// Text is what stands there now.
	Text string

	file, before, after string
	content             string // of the file
}

// Find reads a file and finds the part between two lines.
func Find(file, begin, end string) (*Part, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	head, rest, found := strings.Cut(string(content), begin)
	text, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		return nil, fmt.Errorf("%s lacks the lines of its table: %q and %q", file, begin, end)
	}
	return &Part{Text: text, file: file, before: head + begin, after: end + tail, content: string(content)}, nil
}

// Write puts text in the place of the part.
func (p *Part) Write(text string) error {
	written := p.before + text + p.after
	if written == p.content {
		return nil
	}
	return os.WriteFile(p.file, []byte(written), 0o644)
}

// Publish writes text, or with CI set compares it. Equal says what counts as no difference; nil: nothing does. What
// says what the text is about, for the error.
func (p *Part) Publish(text, what string, equal func(before, after string) bool) error {
	if os.Getenv("CI") == "" {
		return p.Write(text)
	}
	if text == p.Text || equal != nil && equal(p.Text, text) {
		return nil
	}
	return errors.New("the table in " + p.file + " is not what " + what + ": run go test there and commit it\n" + difference(p.Text, text))
}

// difference is the lines that only one of two texts has.
func difference(before, after string) string {
	var out strings.Builder
	for _, side := range []struct{ sign, text, other string }{{"- ", before, after}, {"+ ", after, before}} {
		for line := range strings.SplitSeq(side.text, "\n") {
			if !strings.Contains("\n"+side.other+"\n", "\n"+line+"\n") {
				out.WriteString(side.sign + line + "\n")
			}
		}
	}
	return out.String()
}
