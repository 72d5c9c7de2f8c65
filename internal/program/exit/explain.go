package exit

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/wire"
)

// Names puts the program's names for those of the library.
type Names interface {
	// Of is the name of a field.
	Of(field string) string
	// In replaces the names of fields in a text.
	In(text string) string
}

// Explain finds the exit code and the text for an error of the library or of a command. ok is false for an error of
// which it knows nothing.
func Explain(err error, names Names) (code int, text string, ok bool) {
	var (
		known    *Failure
		noToken  *alf.TokenError
		endpoint *alf.EndpointError
		timeout  TimedOut
		sent     *url.Error
		library  cli.ExitCoder
	)
	switch {
	case errors.As(err, &known):
		return known.Code, known.Error(), true
	case errors.As(err, &timeout):
		return Unreachable, timeout.Error(), true
	case errors.As(err, &noToken):
		if !errors.As(err, &endpoint) {
			return Unreachable, rejection(err) + "no token: " + noToken.Err.Error(), true
		}
		return endpointCode(endpoint), rejection(err) + "no token: " + endpointText(endpoint, names), true
	case errors.As(err, &endpoint):
		return endpointCode(endpoint), endpointText(endpoint, names), true
	case errors.Is(err, alf.ErrRefused):
		if errors.As(err, &sent) {
			err = sent.Err
		}
		return Usage, names.In(strings.TrimPrefix(err.Error(), "alf: ")), true
	case errors.As(err, &sent):
		text := err.Error()
		if hint := NetworkHint(err); hint != "" {
			text += ": " + hint
		}
		return Unreachable, text, true
	case errors.As(err, &library):
		return Usage, err.Error(), true
	}
	return Usage, err.Error(), false
}

// rejection is a line about the API's response, if it is because of that that a token was requested.
func rejection(err error) string {
	var rejected *alf.RejectedError
	if !errors.As(err, &rejected) {
		return ""
	}
	return "the API responded with " + wire.Status(rejected.StatusCode) + "\n"
}

// endpointCode says whose fault a failed token request is.
func endpointCode(err *alf.EndpointError) int {
	switch {
	case errors.Is(err, fetcher.ErrUnsent):
		return Usage // a key that does not suit, a secret that is too short
	case err.Permanent() && errors.Is(err, fetcher.ErrMetadata):
		return Usage // they do not fit the configuration
	case err.Permanent() && err.Status != 0:
		return Denied
	}
	// An untrusted certificate is permanent too, but no response.
	return Unreachable
}

func endpointText(err *alf.EndpointError, names Names) string {
	return strings.TrimPrefix(err.ErrorWith(names.Of), "fetcher: ")
}

// NetworkHint is what may help where the error does not say it; empty if nothing is known.
func NetworkHint(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		header  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown):
		return "name the authority that issued the certificate by --ca-file"
	case errors.As(err, &header), errors.Is(err, http.ErrSchemeMismatch):
		return "is it https that the server speaks there?"
	}
	return ""
}
