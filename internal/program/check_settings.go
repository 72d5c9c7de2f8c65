package program

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alf-go/alf/fetcher"
)

// checkSettings tells all that is wrong with them at once.
func (c *checkup) checkSettings(ctx context.Context) finding {
	var problems problems
	problems.note(c.readConfiguration(ctx))
	problems.note(c.readAPI())
	if len(problems) > 0 {
		return unreadable(&failure{exitUsage, errors.Join(problems...)})
	}
	s := c.settings
	details := []string{fmt.Sprintf("client %q, by %s", s.clientID, s.authStyle)}
	for _, asked := range []struct {
		what   string
		values []string
	}{{"scope", s.scopes}, {"audience", s.audience}, {"resource", s.resource}} {
		if len(asked.values) > 0 {
			details = append(details, asked.what+": "+strings.Join(asked.values, " "))
		}
	}
	return passed(shownAddress(c.server()), details...)
}

// readConfiguration reads it as every command does, and has the library judge it.
func (c *checkup) readConfiguration(ctx context.Context) error {
	s, cfg, err := c.program.configure(ctx, c.cmd)
	if err != nil {
		return err
	}
	if err := cfg.Validate(); err != nil {
		return unusable(err)
	}
	f, err := fetcher.New(fetcherConfig(cfg))
	if err != nil {
		return unusable(err)
	}
	c.settings, c.config, c.fetcher = s, cfg, f
	return nil
}

func (c *checkup) readAPI() error {
	if !c.hasAPI() {
		return nil
	}
	req, err := newRequest(c.program.given(c.cmd, "api"), http.MethodGet, c.cmd.String("api"), nil)
	c.api = req
	return err
}

// server is the one address that the user gave.
func (c *checkup) server() string {
	if c.settings.issuer != "" {
		return c.settings.issuer
	}
	return c.settings.tokenURL
}

// unreadable has a line for each problem: they say themselves what to do.
func unreadable(err error) finding {
	code, text := explain(err)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	found := failed(code, plural(int64(len(lines)), "problem"))
	found.details = lines
	return found
}

// checkProof looks at everything that proves the client, as far as one can without the server.
func (c *checkup) checkProof(ctx context.Context) finding {
	found := passed("ready")
	for _, look := range []func(*checkup, context.Context, *finding) error{
		(*checkup).lookAtSecret, (*checkup).lookAtKey, (*checkup).lookAtAssertion,
		(*checkup).lookAtCertificate, (*checkup).lookAtDPoP,
	} {
		if err := look(c, ctx, &found); err != nil {
			return unreadable(&failure{exitUsage, err})
		}
		if found.mark == crossed {
			break
		}
	}
	return found
}

func (c *checkup) lookAtSecret(ctx context.Context, found *finding) error {
	if c.config.ClientSecret == nil {
		return nil
	}
	secret, err := c.config.ClientSecret(ctx)
	if err != nil {
		return err
	}
	c.conceal(secret)
	found.details = append(found.details, "secret: from "+c.settings.secretFrom)
	if strings.TrimSpace(secret) != secret {
		found.note("the secret begins or ends with white space", "remove that, unless it is meant")
	}
	return nil
}

func (c *checkup) lookAtKey(ctx context.Context, found *finding) error {
	if c.config.Assertion.Key == nil {
		return nil
	}
	key, err := c.config.Assertion.Key(ctx)
	if err != nil {
		return err
	}
	algorithm := c.settings.assertion.Algorithm
	if algorithm == "" {
		algorithm = string(key.Algorithm())
	}
	found.details = append(found.details,
		fmt.Sprintf("key: from %s, signs with %s, kid %q, thumbprint %s", c.settings.keyFile, algorithm, key.ID(), key.Thumbprint()))
	return nil
}

// lookAtAssertion reads one that somebody else made, if it can be read.
func (c *checkup) lookAtAssertion(ctx context.Context, found *finding) error {
	if c.config.Assertion.Source == nil {
		return nil
	}
	assertion, err := c.config.Assertion.Source(ctx)
	if err != nil {
		return err
	}
	c.conceal(assertion)
	found.details = append(found.details, "assertion: from "+c.settings.assertionFile)
	read, ok := readJWT(assertion)
	if !ok {
		return nil
	}
	now := time.Now()
	found.details = append(found.details, indented(read.describe(c.secrets, now))...)
	if expiry, known := read.time("exp"); known && expiry.Before(now) {
		found.fail(exitUsage, "the assertion has expired",
			advice{"it ended " + moment(expiry, now), "have a new one written to " + c.settings.assertionFile})
	}
	return nil
}

func (c *checkup) lookAtCertificate(ctx context.Context, found *finding) error {
	if c.config.Certificate == nil {
		return nil
	}
	certificate, err := c.config.Certificate(ctx)
	if err != nil {
		return err
	}
	leaf, err := leafOf(certificate)
	if err != nil {
		return err
	}
	now := time.Now()
	found.details = append(found.details, fmt.Sprintf("certificate: from %s, %s, by %s, until %s",
		c.settings.certFile, c.foreign(nameOf(leaf.Subject)), c.foreign(nameOf(leaf.Issuer)), moment(leaf.NotAfter, now)))
	const renew = "have a new one issued, and name it by --cert-file"
	switch {
	case now.After(leaf.NotAfter):
		found.fail(exitUsage, "the client certificate has expired", advice{"it ended " + moment(leaf.NotAfter, now), renew})
	case now.Before(leaf.NotBefore):
		found.fail(exitUsage, "the client certificate is not valid yet",
			advice{"it begins " + moment(leaf.NotBefore, now), "is this machine's clock right?"})
	case leaf.NotAfter.Sub(now) < soon:
		found.note("the client certificate ends soon", renew)
	}
	return nil
}

func (c *checkup) lookAtDPoP(ctx context.Context, found *finding) error {
	if c.config.DPoP == nil {
		return nil
	}
	key, err := c.config.DPoP.Read(ctx)
	if err != nil {
		return err
	}
	from := c.settings.dpopKey
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
