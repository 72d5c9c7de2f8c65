package published

import (
	"github.com/alf-go/alf/internal/redact"
)

// maxShown bounds what is printed of one value that a server sent, in bytes.
const maxShown = 600

// Clean makes a server's text safe to print: on one line, and no longer than 600 bytes.
func Clean(text string) string {
	if len(text) > maxShown {
		text = text[:maxShown] + "..."
	}
	return redact.Printable(text)
}

// cleanError is the text of an error on one line.
func cleanError(err error) string { return Clean(err.Error()) }
