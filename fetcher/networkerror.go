package fetcher

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// networkError is a failure without an HTTP response: a connection that could not be made or broke, a certificate that
// is not trusted, or the end of the context.
type networkError struct {
	problem   string
	hint      message
	causes    []error
	permanent bool
}

// classifyNetwork explains the error that ended an exchange.
func (b *errorBuilder) classifyNetwork() networkError {
	f := b.failure
	if f.ctxErr != nil {
		n := networkError{problem: "gave up: " + b.redactor.Text(f.ctxCause.Error()), causes: []error{f.ctxCause}}
		if !errors.Is(f.ctxCause, f.ctxErr) {
			n.causes = append(n.causes, f.ctxErr)
		}
		return n
	}
	err := withoutURL(f.err)
	n := networkError{problem: b.redactor.Text(err.Error()), causes: []error{b.redactor.Error(err)}}
	n.hint, n.permanent = classifyTLS(err)
	var timed interface{ Timeout() bool }
	switch timeout := b.client.connections.timeout; {
	case timeout > 0 && errors.Is(err, context.DeadlineExceeded):
		n.problem = fmt.Sprintf("timed out: no complete response within the Timeout of %v", timeout)
		n.hint = message{format: "if the server needs longer, raise {TokenRequest.Timeout}"}
	case errors.As(err, &timed) && timed.Timeout():
		n.problem = "timed out: " + n.problem
	}
	return n
}

// withoutURL removes the parts of an error that contain the URL, whose query may be secret.
func withoutURL(err error) error {
	for u := (*url.Error)(nil); errors.As(err, &u) && u.Err != nil; {
		err = u.Err
	}
	return err
}

// classifyTLS recognises what no further attempt can repair: the server is not the expected one, or does not speak TLS.
func classifyTLS(err error) (hint message, permanent bool) {
	var (
		header    tls.RecordHeaderError
		unknown   x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		roots     x509.SystemRootsError
		unhandled x509.UnhandledCriticalExtension
		verify    *tls.CertificateVerificationError
	)
	text := ""
	switch {
	case errors.As(err, &header), errors.Is(err, http.ErrSchemeMismatch):
		text = "the server does not speak TLS there: is it https?"
	case errors.As(err, &unknown), errors.As(err, &roots):
		text = "add the authority that issued the server's certificate to {TokenRequest.TLS.RootCAs}"
	case errors.As(err, &name):
		text = "the certificate is for another host: correct {TokenURL}, or set {TokenRequest.TLS.ServerName}"
	case errors.As(err, &invalid), errors.As(err, &unhandled), errors.As(err, &verify):
		text = "the server's certificate has to be replaced"
	case strings.Contains(err.Error(), "tls: no renegotiation"): // crypto/tls has no type for it
		text = "the server renegotiates TLS, as IIS does to request a certificate: set {TokenRequest.Renegotiation}"
	default:
		return message{}, false
	}
	return message{format: text}, true
}

// sameEverywhere reports whether an error will meet every request to the same host, whatever its path.
func sameEverywhere(err error) bool {
	if _, permanent := classifyTLS(withoutURL(err)); permanent {
		return true
	}
	return isDialError(err)
}
