package program

import (
	"io"
	"os"
)

// isTerminal reports whether w is one that a line can be rewritten on.
func (p *program) isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	if term := p.env.Get("TERM"); term == "" || term == "dumb" {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	// The null device is a character device too, and often where standard error goes.
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
