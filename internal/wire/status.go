package wire

import (
	"net/http"
	"strconv"
	"strings"
)

// Status is a response's status with its registered phrase. The one that the server sent is untrusted text.
func Status(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}
