package discover

import (
	"strings"

	"github.com/alf-go/alf/internal/redact"
)

// maxShown bounds what is printed of one value that a server sent, in bytes.
const maxShown = 600

// clean makes a server's text safe to print.
func clean(text string) string {
	if len(text) > maxShown {
		text = text[:maxShown] + "..."
	}
	return redact.Printable(text)
}

// cleanError is the text of an error on one line.
func cleanError(err error) string { return clean(err.Error()) }

// list is a server's list, as much of it as a person reads.
func list(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return clean(strings.Join(values[:min(len(values), 30)], ", "))
}
