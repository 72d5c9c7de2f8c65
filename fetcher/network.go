package fetcher

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// setback is a failure that is not the server's word: a connection that could
// not be made or broke, a certificate nobody vouches for, or a context's end.
type setback struct {
	problem   string
	hint      string
	causes    []error
	permanent bool
}

// judgeNetwork explains err, which ended an exchange made under ctx by a
// client with the given time-out.
func judgeNetwork(ctx context.Context, err error, timeout time.Duration, r *redactor) setback {
	if ctx.Err() != nil {
		cause := context.Cause(ctx)
		s := setback{problem: "gave up: " + r.clean(cause.Error(), shownText), causes: []error{cause}}
		if !errors.Is(cause, ctx.Err()) {
			s.causes = append(s.causes, ctx.Err())
		}
		return s
	}
	// A url.Error holds the URL, and a URL holds its query.
	for u := (*url.Error)(nil); errors.As(err, &u) && u.Err != nil; {
		err = u.Err
	}
	s := setback{problem: r.clean(err.Error(), shownText), causes: []error{r.cause(err)}}
	s.hint, s.permanent = judgeTLS(err)
	var timed interface{ Timeout() bool }
	switch {
	case timeout > 0 && errors.Is(err, context.DeadlineExceeded):
		s.problem = fmt.Sprintf("timed out: no whole answer within the Timeout of %v", timeout)
	case errors.As(err, &timed) && timed.Timeout():
		s.problem = "timed out: " + s.problem
	}
	return s
}

// judgeTLS picks out what no further attempt can mend: the server is not who
// it should be, or does not speak TLS.
func judgeTLS(err error) (hint string, permanent bool) {
	var (
		header    tls.RecordHeaderError
		unknown   x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		roots     x509.SystemRootsError
		unhandled x509.UnhandledCriticalExtension
		verify    *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &header), errors.Is(err, http.ErrSchemeMismatch):
		return "the server does not speak TLS there: is it https?", true
	case errors.As(err, &unknown), errors.As(err, &roots):
		return "add the authority that issued the server's certificate to TLS.RootCAs", true
	case errors.As(err, &name):
		return "the certificate is for another host: correct TokenURL, or set TLS.ServerName", true
	case errors.As(err, &invalid), errors.As(err, &unhandled), errors.As(err, &verify):
		return "the server's certificate has to be replaced", true
	}
	return "", false
}

// cause returns err itself if neither its text nor that of anything it wraps
// holds a secret, else a stand-in.
func (r *redactor) cause(err error) error {
	if r.harmless(err) {
		return err
	}
	return &scrubbed{
		text: r.clean(err.Error(), shownText),
		is:   func(target error) bool { return errors.Is(err, target) },
	}
}

func (r *redactor) harmless(err error) bool {
	if len(r.find(err.Error())) > 0 {
		return false
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		return inner == nil || r.harmless(inner)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if inner != nil && !r.harmless(inner) {
				return false
			}
		}
	}
	return true
}

// scrubbed stands in for an error that would show a secret. It can be asked
// what it is, but not taken apart.
type scrubbed struct {
	text string
	is   func(target error) bool
}

func (s *scrubbed) Error() string        { return s.text }
func (s *scrubbed) Is(target error) bool { return s.is(target) }
