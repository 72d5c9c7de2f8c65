package program

import (
	"fmt"
	"io"
	"strings"
)

// checkWriter writes the findings as they come.
type checkWriter struct {
	out   io.Writer
	marks map[mark]string
}

var (
	checkMarks = map[mark]string{ticked: "✓", noted: "!", crossed: "✗", skipped: "–"}
	asciiMarks = map[mark]string{ticked: "+", noted: "!", crossed: "x", skipped: "-"}
)

func newCheckWriter(p *program) *checkWriter {
	w := &checkWriter{p.stdout, checkMarks}
	if !p.speaksUTF8() {
		w.marks = asciiMarks
	}
	return w
}

// speaksUTF8 believes the first variable of the locale that is set. Without any it does, as terminals do these days.
func (p *program) speaksUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value, _ := p.env.lookup(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return true
}

// checkIndent is where what follows the first line of a step begins: below its text.
var checkIndent = strings.Repeat(" ", 2+12+1)

func (w *checkWriter) write(name string, f finding) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-12s %s\n", w.marks[f.mark], name, f.text)
	for _, line := range f.details {
		b.WriteString(checkIndent + line + "\n")
	}
	for _, why := range f.advice {
		for _, part := range []struct{ label, text string }{{"cause:  ", why.cause}, {"remedy: ", why.remedy}} {
			if part.text != "" {
				b.WriteString(checkIndent + part.label + part.text + "\n")
			}
		}
	}
	_, err := io.WriteString(w.out, b.String())
	return err
}
