package check

import (
	"fmt"
	"io"
	"strings"
)

// writer writes the findings as they come.
type writer struct {
	out   io.Writer
	marks map[mark]string
}

var (
	utf8Marks  = map[mark]string{ticked: "✓", noted: "!", crossed: "✗", skipped: "–"}
	asciiMarks = map[mark]string{ticked: "+", noted: "!", crossed: "x", skipped: "-"}
)

func newWriter(out io.Writer, utf8 bool) *writer {
	if utf8 {
		return &writer{out, utf8Marks}
	}
	return &writer{out, asciiMarks}
}

// indent is where what follows the first line of a step begins: below its text.
var indent = strings.Repeat(" ", 2+12+1)

func (w *writer) write(name string, f finding) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-12s %s\n", w.marks[f.mark], name, f.text)
	for _, line := range f.details {
		b.WriteString(indent + line + "\n")
	}
	for _, why := range f.advice {
		for _, part := range []struct{ label, text string }{{"cause:  ", why.cause}, {"remedy: ", why.remedy}} {
			if part.text != "" {
				b.WriteString(indent + part.label + part.text + "\n")
			}
		}
	}
	_, err := io.WriteString(w.out, b.String())
	return err
}
