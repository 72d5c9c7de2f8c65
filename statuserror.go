package alf

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
)

// StatusError is what [Client.JSON] returns for an answer whose status is not 2xx. However it is printed, it shows the status
// alone: what an API writes into a body may be anything, what it was sent included.
type StatusError struct {
	// StatusCode is that of the answer, such as 404.
	StatusCode int
	// Status is the answer's status line, such as "404 Not Found".
	Status string
	// Header is the answer's.
	Header http.Header
	// Body is the answer's, its first 64 KiB.
	Body []byte
}

// Error says the status.
func (e StatusError) Error() string { return "alf: the API answered " + e.Status }

// Format prints Error, whatever the verb.
func (e StatusError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// MarshalJSON returns Error as a string.
func (e StatusError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// LogValue returns Error.
func (e StatusError) LogValue() slog.Value { return slog.StringValue(e.Error()) }
