package fetcher

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/bound"
	"github.com/alf-go/alf/internal/wire"
)

// maxAnswer bounds how much of an answer is read, after decompression.
const maxAnswer = 1 << 20

var errTooLarge = errors.New("answer too large: more than 1 MiB")

// invalidClient and useDPoPNonce are the errors that an attempt may mend
// itself (RFC 6749 section 5.2, RFC 9449 section 8).
const (
	invalidClient = "invalid_client"
	useDPoPNonce  = "use_dpop_nonce"
)

// conversation is what a Fetcher is made of.
type conversation struct {
	cfg         Config
	endpoint    *endpoint // nil: the issuer tells
	discovery   discovery
	form        url.Values
	connections *connections
	// secrets are those known without asking, for redaction.
	secrets []string
	// certificates are those that the last tokens were fetched with.
	certificates bound.Memory[*tls.Certificate]
}

func newConversation(cfg Config) *conversation {
	c := &conversation{cfg: cfg, form: newForm(cfg), connections: newConnections(cfg)}
	if cfg.Issuer == "" {
		c.endpoint = newEndpoint(cfg.TokenURL)
	}
	c.secrets = append(sensitiveValues(cfg.TokenRequest.Header), sensitiveValues(cfg.Params)...)
	if u, err := url.Parse(cfg.TokenURL); err == nil {
		c.secrets = append(c.secrets, u.RawQuery)
		c.secrets = append(c.secrets, sensitiveValues(u.Query())...)
	}
	return c
}

func (c *conversation) client(who *identity) *http.Client {
	return c.connections.client(who.certificate)
}

// fetch is one attempt: what proves the client is read, and the endpoint
// asked. A client that was refused may have been given another secret or key
// meanwhile; then it asks once more.
func (c *conversation) fetch(ctx context.Context) (*oauth2.Token, *Error) {
	who, failed := c.identify(ctx)
	if failed != nil {
		return nil, failed
	}
	to, failed := c.locate(ctx, who)
	if failed != nil {
		return nil, failed
	}
	token, failed, refused := c.ask(ctx, to, who)
	if refused {
		fresh, unread := c.identify(ctx)
		if unread == nil && !fresh.same(who) && ctx.Err() == nil {
			// The old secret may still be valid elsewhere: no error may show it either.
			token, failed, _ = c.ask(ctx, to, fresh, who.secrets(c.cfg.ClientID)...)
			who = fresh
		}
	}
	if failed != nil {
		c.doubt(failed)
		return nil, failed
	}
	c.bind(token, who)
	return token, nil
}

// bind remembers the key and the certificate that a token may be bound to, and
// has to be used with, which bounds its life. One that came before is bound to
// what it came with first.
func (c *conversation) bind(token *oauth2.Token, who *identity) {
	if who.certificate != nil {
		hash, now, shown := bound.Hash(token.AccessToken), c.cfg.Clock.Now(), who.certificate
		if first, known := c.certificates.Of(hash); known && now.Before(end(first)) {
			shown = first
		}
		c.certificates.Bind(hash, shown)
		token.Expiry = earlier(token.Expiry, end(shown), now)
	}
	if who.proof != nil {
		c.cfg.DPoP.Bind(token.AccessToken, who.proof)
	}
}

// ask makes one request, and another with the nonce that a server wants in
// DPoP proofs (RFC 9449 section 8). refused tells that the server did not
// accept the client. stale are secrets that are known, but not used any more.
func (c *conversation) ask(ctx context.Context, to *endpoint, who *identity, stale ...string) (_ *oauth2.Token, failed *Error, refused bool) {
	a := c.attempt(ctx, to, who, "", stale)
	if a.code == useDPoPNonce && a.nonce != "" && ctx.Err() == nil {
		a = c.attempt(ctx, to, who, a.nonce, stale)
	}
	return a.token, a.failed, a.code == invalidClient
}

// outcome is what one request came to.
type outcome struct {
	token  *oauth2.Token
	failed *Error
	code   string // the OAuth error, if it was answered by one
	nonce  string // for the next proof; "" if the answer had none
}

// attempt makes one request. nonce is what the server wants in the proof,
// beyond what is remembered.
func (c *conversation) attempt(ctx context.Context, to *endpoint, who *identity, nonce string, stale []string) outcome {
	report := c.report(to, who, stale...)
	start := c.cfg.Clock.Now()
	req, err := c.newRequest(ctx, to, who, nonce, report.hide)
	if err != nil {
		return outcome{failed: report.unsent(err)}
	}
	resp, err := c.client(who).Do(req)
	if err != nil {
		return outcome{failed: report.network(ctx, err)}
	}
	defer resp.Body.Close()
	report.answered(resp)
	var a outcome
	if who.proof != nil {
		if given := resp.Header.Get("DPoP-Nonce"); c.cfg.DPoP.Remember(to.url, given) {
			a.nonce = given
		}
	}
	body, err := readAnswer(resp)
	if err != nil {
		return outcome{failed: report.unread(ctx, err)}
	}
	m, flaw := parseMembers(body, judged)
	report.parsed(m)
	if said := m.oauthError(); said.code != "" || !isSuccess(resp.StatusCode) {
		a.failed, a.code = report.refusal(said, body), said.known(resp.StatusCode).code
		if a.code == useDPoPNonce && a.nonce != "" {
			// One of several nodes, each with nonces of its own: another may fit.
			a.failed.permanent = false
		}
		return a
	}
	if flaw == nil {
		a.token, flaw = c.token(m, start)
	}
	if flaw != nil {
		a.failed = report.defect(flaw)
	}
	return a
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
