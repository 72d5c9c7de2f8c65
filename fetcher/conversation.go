package fetcher

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/wire"
)

// maxAnswer bounds how much of an answer is read, after decompression.
const maxAnswer = 1 << 20

var errTooLarge = errors.New("answer too large: more than 1 MiB")

// conversation is what a Fetcher is made of. Nothing in it changes.
type conversation struct {
	cfg       Config
	endpoint  string
	form      url.Values
	client    *http.Client
	closeIdle func()
	// secrets are those known without asking, for redaction.
	secrets []string
}

func newConversation(cfg Config) *conversation {
	c := &conversation{cfg: cfg, endpoint: bareURL(cfg.TokenURL), form: newForm(cfg)}
	c.client, c.closeIdle = newClient(cfg)
	c.secrets = append(sensitiveValues(cfg.Header), sensitiveValues(cfg.Params)...)
	if u, err := url.Parse(cfg.TokenURL); err == nil {
		c.secrets = append(c.secrets, u.RawQuery)
		c.secrets = append(c.secrets, sensitiveValues(u.Query())...)
	}
	return c
}

func (c *conversation) fetch(ctx context.Context) (*oauth2.Token, *Error) {
	secret, failed := c.secret(ctx)
	if failed != nil {
		return nil, failed
	}
	token, failed, refused := c.attempt(ctx, secret)
	if !refused {
		return token, failed
	}
	fresh, unread := c.secret(ctx)
	if unread != nil || fresh == secret || ctx.Err() != nil {
		return nil, failed
	}
	// The old secret may still be valid elsewhere: no error may show it either.
	token, failed, _ = c.attempt(ctx, fresh, secret)
	return token, failed
}

// secret asks for the client secret. Its error is the user's own text.
func (c *conversation) secret(ctx context.Context) (string, *Error) {
	secret, err := c.cfg.ClientSecret(ctx)
	if err == nil && secret == "" {
		err = errors.New("it is empty")
	}
	if err == nil {
		return secret, nil
	}
	failed := &Error{
		endpoint: c.endpoint,
		problem:  "no request was sent, the client secret could not be read: " + err.Error(),
		causes:   []error{err},
	}
	if ctx.Err() != nil {
		failed.causes = append(failed.causes, context.Cause(ctx), ctx.Err())
	}
	return "", failed
}

// attempt makes one request. refused tells that the server did not accept the
// client. stale is a secret that is known, but not used any more.
func (c *conversation) attempt(ctx context.Context, secret string, stale ...string) (_ *oauth2.Token, failed *Error, refused bool) {
	report := c.report(secret, stale)
	req, err := c.newRequest(ctx, secret)
	if err != nil {
		return nil, &Error{endpoint: c.endpoint, problem: err.Error(), causes: []error{err}}, false
	}
	start := c.cfg.Clock.Now()
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, report.network(ctx, err), false
	}
	defer resp.Body.Close()
	report.answered(resp)
	body, err := readAnswer(resp)
	if err != nil {
		return nil, report.unread(ctx, err), false
	}
	m, flaw := parseMembers(body)
	report.parsed(m)
	said := m.oauthError()
	if said.code != "" || !isSuccess(resp.StatusCode) {
		return nil, report.refusal(said, body), said.code == "invalid_client"
	}
	if flaw == nil {
		var token *oauth2.Token
		if token, flaw = c.token(m, start); flaw == nil {
			return token, nil, false
		}
	}
	return nil, report.defect(flaw), false
}

// readAnswer reads the body to its end, so that the connection can be used
// again, but no further than maxAnswer.
func readAnswer(resp *http.Response) ([]byte, error) {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		// Its body is the bare connection, which no context can interrupt.
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errTooLarge
	}
	return body, err
}

func isSuccess(status int) bool  { return status >= 200 && status <= 299 }
func isRedirect(status int) bool { return status >= 300 && status <= 399 }

// retryAfter reads the header of that name; see [Error.RetryAfter].
func retryAfter(h http.Header, now time.Time) time.Duration {
	d, ok := wire.RetryAfter(h.Get("Retry-After"), now)
	if !ok {
		return 0
	}
	return max(d, 1)
}
