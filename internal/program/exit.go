package program

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
)

// The exit codes.
const (
	exitOK          = 0
	exitBroken      = 1 // the demonstration broke a promise, or the output could not be written
	exitUsage       = 2 // wrong use or configuration
	exitDenied      = 3 // by the token endpoint
	exitUnreachable = 4
	exitAPI         = 5   // the API answered 4xx or 5xx
	exitInterrupted = 130 // as shells have it
)

// failure is an error that knows its exit code.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func failf(code int, format string, args ...any) error {
	return &failure{code, fmt.Errorf(format, args...)}
}

func usagef(format string, args ...any) error { return failf(exitUsage, format, args...) }

// timedOut is the cause of a context that --timeout ended.
type timedOut time.Duration

func (t timedOut) Error() string {
	return fmt.Sprintf("no answer within %v: allow more by --timeout", time.Duration(t))
}

// exit tells an error and returns its code.
func (p *program) exit(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil {
		fmt.Fprintln(p.stderr, "alf: interrupted")
		return exitInterrupted
	}
	code, text := explain(err)
	for line := range strings.Lines(text) {
		fmt.Fprintln(p.stderr, "alf: "+strings.TrimSpace(line))
	}
	return code
}

// explain finds the code and the words for an error. What the library says of its Config is about flags here.
func explain(err error) (code int, text string) {
	var (
		known    *failure
		noToken  *alf.TokenError
		endpoint *alf.EndpointError
		timeout  timedOut
		sent     *url.Error
		library  cli.ExitCoder
	)
	switch {
	case errors.As(err, &known):
		return known.code, known.Error()
	case errors.As(err, &timeout):
		return exitUnreachable, timeout.Error()
	case errors.As(err, &noToken):
		if !errors.As(err, &endpoint) {
			return exitUnreachable, "no token: " + noToken.Err.Error()
		}
		return endpointCode(endpoint), "no token: " + endpointText(endpoint)
	case errors.As(err, &endpoint):
		return endpointCode(endpoint), endpointText(endpoint)
	case errors.Is(err, alf.ErrRefused):
		if errors.As(err, &sent) {
			err = sent.Err
		}
		return exitUsage, inFlags(strings.TrimPrefix(err.Error(), "alf: "))
	case errors.As(err, &sent):
		return exitUnreachable, err.Error() + networkHint(err)
	case errors.As(err, &library):
		return exitUsage, err.Error()
	}
	// What is left comes from reading the command line and the environment.
	if text, ok := variableValue(err.Error()); ok {
		return exitUsage, text
	}
	return exitUsage, err.Error()
}

// endpointCode tells whose fault a failed token request is.
func endpointCode(err *alf.EndpointError) int {
	switch {
	case errors.Is(err, fetcher.ErrUnsent):
		return exitUsage // a key that does not suit, a secret that is too short
	case err.Permanent() && errors.Is(err, fetcher.ErrMetadata):
		return exitUsage // they do not fit the configuration
	case err.Permanent() && err.Status != 0:
		return exitDenied
	}
	// An untrusted certificate is permanent too, but no answer.
	return exitUnreachable
}

func endpointText(err *alf.EndpointError) string {
	return inFlags(strings.TrimPrefix(err.Error(), "fetcher: "))
}

// networkHint is what may help where the error does not say it.
func networkHint(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		header  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown):
		return ": name the authority that issued the certificate by --ca-file"
	case errors.As(err, &header), errors.Is(err, http.ErrSchemeMismatch):
		return ": is it https that the server speaks there?"
	}
	return ""
}
