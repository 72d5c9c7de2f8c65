package fetcher

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/redact"
	"github.com/alf-go/alf/internal/wire"
)

// newError builds the error of a failed attempt. Whatever came from outside passes through one redactor here, and
// nowhere else.
func (c *client) newError(f *failure) *Error {
	b := errorBuilder{client: c, failure: f, redactor: redact.New(c.secretsOf(f))}
	e := &Error{endpoint: c.cfg.redactedEndpoint(), permanent: f.permanent(), trouble: f.trouble()}
	if f.endpoint != nil {
		e.endpoint = f.endpoint.redacted
	}
	if f.response != nil {
		b.describeResponse(e)
	}
	var hint message
	switch f.stage {
	case unread:
		b.unread(e)
	case unsent:
		b.unsent(e)
	case broken:
		hint = b.broken(e)
	case refused:
		hint = b.refused(e)
	case unusable:
		e.problem = f.problem.what.render(b.redactor)
		if f.problem.kind != nil {
			e.causes = append(e.causes, f.problem.kind)
		}
		hint = f.problem.hint
	}
	if f.hint != nil {
		hint = *f.hint
	}
	e.hint = b.aboutClocks(hint).render(b.redactor)
	e.Hint = inNames(e.hint, ownName)
	return e
}

// errorBuilder is the state of newError.
type errorBuilder struct {
	client   *client
	failure  *failure
	redactor *redact.Redactor
}

// secretsOf lists what no text about a failure may show. Tokens in a refused response are among them: they may work,
// and the response may repeat them elsewhere.
func (c *client) secretsOf(f *failure) []string {
	secrets := append([]string(nil), c.secrets...)
	secrets = append(secrets, f.credentials.secrets(c.cfg.ClientID)...)
	secrets = append(secrets, f.secrets...)
	if f.response != nil {
		for _, name := range []string{"access_token", "refresh_token", "id_token"} {
			if token, _ := f.response.members.text(name); token != "" {
				secrets = append(secrets, token)
			}
		}
	}
	return secrets
}

// describeResponse adds what is known of the response, and what x/oauth2 has for it.
func (b *errorBuilder) describeResponse(e *Error) {
	resp, said := b.failure.response, b.failure.refusal
	if b.failure.stage != refused {
		said = refusal{}
	}
	e.Status = resp.status
	e.Code = b.redactor.Text(said.code)
	e.Description = b.redactor.Text(said.description)
	e.URI = b.redactor.Text(said.uri)
	e.retryAfter = retryAfter(resp)
	e.response = &oauth2.RetrieveError{
		Response: &http.Response{
			Status: wire.Status(resp.status), StatusCode: resp.status, Header: b.redactor.Header(resp.header), Body: http.NoBody,
		},
		ErrorCode: e.Code, ErrorDescription: e.Description, ErrorURI: e.URI,
	}
}

func (b *errorBuilder) unsent(e *Error) {
	err, text := b.failure.err, ""
	if isPermanent(err) {
		text = err.Error() // of this package
	} else {
		err, text = b.redactor.Error(err), b.redactor.Text(err.Error())
	}
	e.problem, e.causes = "no request was sent: "+text, []error{ErrUnsent, err}
}

func (b *errorBuilder) unread(e *Error) {
	f := b.failure
	e.problem = "no request was sent, the " + f.part + " could not be read: " + f.err.Error()
	e.causes = []error{ErrUnsent, f.err}
	if f.ctxErr != nil {
		e.causes = append(e.causes, f.ctxCause, f.ctxErr)
	}
	e.causes = b.watch(e.causes)
}

// watch adds what notices a change of the credentials, if they were read from files or variables.
func (b *errorBuilder) watch(causes []error) []error {
	if creds := b.failure.credentials; creds != nil && !creds.inputs.Empty() {
		return append(causes, &refusedCredentials{creds.inputs.Changed})
	}
	return causes
}

// broken describes an exchange without a whole response. No part of a body is shown: a secret that the cut went through
// could not be recognised.
func (b *errorBuilder) broken(e *Error) message {
	if errors.Is(b.failure.err, errTooLarge) {
		e.problem, e.causes = errTooLarge.Error(), []error{errTooLarge}
		e.permanent = isPermanentStatus(b.failure.status())
		return message{}
	}
	n := b.classifyNetwork()
	e.problem, e.causes, e.permanent = n.problem, n.causes, n.permanent
	if resp := b.failure.response; resp != nil {
		e.problem = "the response broke off: " + n.problem
		// Its code, which outweighs the status, may have been in the missing part. A redirect has none.
		e.permanent = resp.isRedirect()
	}
	return n.hint
}

// refused describes a response that is an error by its status or by its content.
func (b *errorBuilder) refused(e *Error) message {
	resp := b.failure.response
	switch {
	case resp.isSuccess():
	case resp.isRedirect():
		// Its body is a link to the Location, query included.
		e.problem = "a redirect" + b.locationHost(resp.location)
		e.Description, e.response.ErrorDescription = "", ""
	default:
		e.Body = b.redactor.Text(string(bytes.TrimSpace(resp.body)))
		e.response.Body = []byte(e.Body)
	}
	if b.failure.concernsCredentials() {
		e.causes = b.watch(append(e.causes, ErrCredentials))
	}
	return b.hint()
}

// locationHost names where a redirect would have led.
func (b *errorBuilder) locationHost(location string) string {
	u, err := url.Parse(strings.TrimSpace(location))
	if err != nil || u.Host == "" {
		return ""
	}
	return " to " + b.redactor.Text(u.Host)
}
