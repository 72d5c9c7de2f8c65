package alf

import (
	"errors"
	"net/http"

	"github.com/alf-go/alf/manager"
)

var (
	// ErrClosed is found by errors.Is in what every call returns once [Client.Close] was called.
	ErrClosed = manager.ErrClosed
	// ErrSuppressed is found by errors.Is in what [Client.Invalidate] returns when the token stays.
	ErrSuppressed = manager.ErrSuppressed
	// ErrRefused is found by errors.Is in the error of a request that was not sent because the token must not go to where
	// the request was headed: see [Config].Origins and [Config].AllowHTTP.
	ErrRefused = errors.New("alf: request refused, nothing was sent")
)

// errNoToken is about a foreign Source: the built-in manager never does this.
var errNoToken = errors.New("alf: the token manager returned neither a token nor an error: repair Config.Manager")

// StatusError is what [Client.JSON] returns for an answer whose status is not 2xx. Its text holds the status alone: what an
// API writes into a body may be anything, what it was sent included.
type StatusError struct {
	// StatusCode and Status are those of the answer, such as 404 and "404 Not Found".
	StatusCode int
	Status     string
	// Header is the answer's.
	Header http.Header
	// Body is the answer's, its first 64 KiB.
	Body []byte
}

// Error says the status.
func (e StatusError) Error() string { return "alf: the API answered " + e.Status }

// GoString is Error, so that no verb of fmt prints the body.
func (e StatusError) GoString() string { return e.Error() }
