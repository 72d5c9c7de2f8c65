package check

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
)

// checkSettings reports all that is wrong with them at once.
func (c *checkup) checkSettings(context.Context) finding {
	if c.Err != nil {
		return c.unreadable(c.Err)
	}
	f, err := fetcher.New(c.Config.FetcherConfig())
	if err != nil {
		return c.unreadable(err)
	}
	c.fetcher = f
	details := []string{fmt.Sprintf("client %q, by %s", c.Config.ClientID, c.Config.AuthStyle)}
	for _, asked := range []struct {
		what   string
		values []string
	}{{"scope", c.Config.Scopes}, {"audience", c.Config.Audience}, {"resource", c.Config.Resource}} {
		if len(asked.values) > 0 {
			details = append(details, asked.what+": "+strings.Join(asked.values, " "))
		}
	}
	found := passed(shownAddress(c.server()), details...)
	for _, w := range c.Warnings {
		found.note(w.Cause, w.Remedy)
	}
	return found
}

// server is the one address that the user gave.
func (c *checkup) server() string {
	if c.upstream != nil {
		return c.upstream.url.String()
	}
	if c.Config.Issuer != "" {
		return c.Config.Issuer
	}
	return c.Config.TokenURL
}

// unreadable has a line for each problem: they say themselves what to do.
func (c *checkup) unreadable(err error) finding {
	code, text, _ := exit.Explain(err, c.Names)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	found := failed(code, format.Plural(len(lines), "problem"))
	found.details = lines
	return found
}

// checkCredentials looks at everything that authenticates the client, as far as one can without the server.
func (c *checkup) checkCredentials(ctx context.Context) finding {
	found := passed("ready")
	for _, look := range []func(*checkup, context.Context, *finding) error{
		(*checkup).lookAtSecret, (*checkup).lookAtKey, (*checkup).lookAtAssertion,
		(*checkup).lookAtCertificate, (*checkup).lookAtDPoP,
	} {
		if err := look(c, ctx, &found); err != nil {
			return c.unreadable(&exit.Failure{Code: exit.Usage, Err: err})
		}
		if found.mark == crossed {
			break
		}
	}
	return found
}

func (c *checkup) lookAtSecret(ctx context.Context, found *finding) error {
	if c.Config.ClientSecret == nil {
		return nil
	}
	secret, err := c.Config.ClientSecret(ctx)
	if err != nil {
		return err
	}
	c.conceal(secret)
	found.details = append(found.details, "secret: from "+c.From.Secret)
	if strings.TrimSpace(secret) != secret {
		found.note("the secret begins or ends with white space", "remove that, unless it is meant")
	}
	return nil
}

func (c *checkup) lookAtKey(ctx context.Context, found *finding) error {
	if c.Config.Assertion.Key == nil {
		return nil
	}
	key, err := c.Config.Assertion.Key(ctx)
	if err != nil {
		return err
	}
	algorithm := c.Config.Assertion.Algorithm
	if algorithm == "" {
		algorithm = string(key.Algorithm())
	}
	found.details = append(found.details,
		fmt.Sprintf("key: from %s, signs with %s, kid %q, thumbprint %s", c.From.Key, algorithm, key.ID(), key.Thumbprint()))
	return nil
}

// lookAtAssertion reads an external one, if it can be read.
func (c *checkup) lookAtAssertion(ctx context.Context, found *finding) error {
	if c.Config.Assertion.Source == nil {
		return nil
	}
	assertion, err := c.Config.Assertion.Source(ctx)
	if err != nil {
		return err
	}
	c.conceal(assertion)
	found.details = append(found.details, "assertion: from "+c.From.Assertion)
	read, ok := readJWT(assertion)
	if !ok {
		return nil
	}
	now := time.Now()
	found.details = append(found.details, indented(read.describe(c.secrets, now))...)
	if expiry, known := read.time("exp"); known && expiry.Before(now) {
		found.fail(exit.Usage, "the assertion has expired",
			advice{"it ended " + format.Moment(expiry, now), "have a new one written to " + c.From.Assertion})
	}
	return nil
}

func (c *checkup) lookAtCertificate(ctx context.Context, found *finding) error {
	if c.Config.Certificate == nil {
		return nil
	}
	certificate, err := c.Config.Certificate(ctx)
	if err != nil {
		return err
	}
	leaf, err := mtls.Leaf(certificate)
	if err != nil {
		return err
	}
	now := time.Now()
	found.details = append(found.details, fmt.Sprintf("certificate: from %s, %s, by %s, until %s",
		c.From.Certificate, c.untrusted(nameOf(leaf.Subject)), c.untrusted(nameOf(leaf.Issuer)), format.Moment(leaf.NotAfter, now)))
	replace := "have a new one issued, and name it by " + c.Names.Of("Certificate")
	switch {
	case now.After(leaf.NotAfter):
		found.fail(exit.Usage, "the client certificate has expired", advice{"it ended " + format.Moment(leaf.NotAfter, now), replace})
	case now.Before(leaf.NotBefore):
		found.fail(exit.Usage, "the client certificate is not valid yet",
			advice{"it begins " + format.Moment(leaf.NotBefore, now), "is this machine's clock right?"})
	case leaf.NotAfter.Sub(now) < soon:
		found.note("the client certificate ends soon", replace)
	}
	return nil
}

func (c *checkup) lookAtDPoP(ctx context.Context, found *finding) error {
	if c.Config.DPoP == nil {
		return nil
	}
	key, err := c.Config.DPoP.Read(ctx)
	if err != nil {
		return err
	}
	from := c.From.DPoPKey
	if from == "" {
		from = "this run alone"
	}
	found.details = append(found.details,
		fmt.Sprintf("DPoP key: from %s, signs with %s, thumbprint %s", from, key.Algorithm(), key.Thumbprint()))
	return nil
}

// fail makes a finding a failure, keeping its details.
func (f *finding) fail(code int, text string, why ...advice) {
	f.mark, f.code, f.text = crossed, code, text
	f.advice = append(f.advice, why...)
}

func indented(lines []string) []string {
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return lines
}
