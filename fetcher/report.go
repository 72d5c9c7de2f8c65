package fetcher

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/wire"
)

// report turns what happened in one attempt into an Error. Everything that
// came from outside passes through its redactor on the way.
type report struct {
	conversation *conversation
	to           *endpoint
	who          *identity
	secrets      []string

	status     int
	header     http.Header
	location   string
	retryAfter time.Duration
	skew       time.Duration // of the server's clock against ours; 0 if it is not known
}

func (c *conversation) report(to *endpoint, who *identity, stale ...string) *report {
	r := &report{conversation: c, to: to, who: who}
	r.secrets = append(r.secrets, who.secrets(c.cfg.ClientID)...)
	r.secrets = append(r.secrets, stale...)
	r.secrets = append(r.secrets, c.secrets...)
	return r
}

// hide notes what was made for this attempt alone.
func (r *report) hide(secret string) { r.secrets = append(r.secrets, secret) }

// answered notes the answer's head.
func (r *report) answered(resp *http.Response) {
	r.status = resp.StatusCode
	r.location = releaseLocation(resp.Header)
	r.header = resp.Header
	now := r.conversation.cfg.Clock.Now()
	r.retryAfter = retryAfter(resp.Header, now)
	r.skew = skew(resp.Header, now)
}

// parsed notes the tokens in an answer: one that is refused may still work,
// and the answer may repeat it elsewhere.
func (r *report) parsed(m members) {
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		if token, _ := m.text(name); token != "" {
			r.secrets = append(r.secrets, token)
		}
	}
}

// unsent reports a request that could not be made.
func (r *report) unsent(err error) *Error {
	red := newRedactor(r.secrets)
	return &Error{
		endpoint: r.to.shown,
		problem:  "no request was sent: " + red.clean(err.Error(), shownText), causes: []error{ErrUnsent, red.cause(err)},
	}
}

// network reports an exchange that ended without an answer.
func (r *report) network(ctx context.Context, err error) *Error {
	s := judgeNetwork(ctx, err, r.conversation.connections.timeout, newRedactor(r.secrets))
	return &Error{
		Hint: s.hint, endpoint: r.to.shown,
		problem: s.problem, causes: s.causes, permanent: s.permanent,
	}
}

// unread reports an answer whose body is not known whole. None of it is shown:
// a secret that the cut went through could not be recognised.
func (r *report) unread(ctx context.Context, err error) *Error {
	if errors.Is(err, errTooLarge) {
		e := r.answerError(newRedactor(r.secrets), oauthError{}, "")
		e.problem, e.causes = errTooLarge.Error(), []error{errTooLarge}
		return e
	}
	s := judgeNetwork(ctx, err, r.conversation.connections.timeout, newRedactor(r.secrets))
	e := r.answerError(newRedactor(r.secrets), oauthError{}, s.hint)
	e.problem, e.causes = "the answer broke off: "+s.problem, s.causes
	// Its code, which outweighs the status, may have been in the missing part.
	// A redirect has none.
	e.permanent = isRedirect(r.status)
	return e
}

// refusal reports an answer that is an error by its status or by its content.
func (r *report) refusal(said oauthError, body []byte) *Error {
	red := newRedactor(r.secrets)
	e := r.answerError(red, said, r.hint(said.code))
	switch {
	case isSuccess(r.status):
	case isRedirect(r.status):
		// Its body is a link to the Location, query included.
		e.problem = "a redirect" + locationHost(red, r.location)
	default:
		e.Body = red.clean(string(bytes.TrimSpace(body)), shownText)
		e.answer.Body = []byte(e.Body)
	}
	return e
}

// defect reports a successful answer that is no token. Its body is not shown:
// the token may be in it.
func (r *report) defect(d *defect) *Error {
	red := newRedactor(r.secrets)
	e := r.answerError(red, oauthError{}, red.clean(d.hint, shownText))
	e.problem = red.clean(d.what, shownText)
	e.permanent = d.permanent
	if d.kind != nil {
		e.causes = []error{d.kind}
	}
	return e
}

func (r *report) answerError(red *redactor, said oauthError, hint string) *Error {
	e := &Error{
		Status:      r.status,
		Code:        red.clean(said.code, shownText),
		Description: red.clean(said.description, shownText),
		URI:         red.clean(said.uri, shownText),
		Hint:        hint,
		endpoint:    r.to.shown,
		retryAfter:  r.retryAfter,
		permanent:   wire.Permanent(r.status, said.code),
	}
	e.answer = &oauth2.RetrieveError{
		Response: &http.Response{
			Status:     statusText(r.status),
			StatusCode: r.status,
			Header:     red.header(r.header),
			Body:       http.NoBody,
		},
		ErrorCode:        e.Code,
		ErrorDescription: e.Description,
		ErrorURI:         e.URI,
	}
	return e
}

// locationHost names where a redirect would have led.
func locationHost(red *redactor, location string) string {
	u, err := url.Parse(strings.TrimSpace(location))
	if err != nil || u.Host == "" {
		return ""
	}
	return " to " + red.clean(u.Host, shownText)
}
