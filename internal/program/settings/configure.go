package settings

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/files"
	"github.com/alf-go/alf/internal/program/exit"
)

// Sources say in words where credentials come from.
type Sources struct{ Secret, Key, Assertion, Certificate, DPoPKey string }

// Configure completes Config by what the other settings name. Files are read once, so that an error of theirs is one of
// the configuration. Its errors have exit code 2. What
// is wrong and keeps no command from working goes to warn.
func (v *Values) Configure(ctx context.Context, stores Stores, warn func(error)) error {
	if err := v.configureSecret(ctx); err != nil {
		return &exit.Failure{Code: exit.Usage, Err: err}
	}
	base, trust, err := v.transport()
	if err != nil {
		return err
	}
	if trust != nil || v.TokenServerName != "" {
		v.Config.TokenRequest.TLS = &tls.Config{RootCAs: trust, ServerName: v.TokenServerName}
	}
	v.Config.HTTPClient = &http.Client{Transport: base}
	v.limitAttempts()
	if err := v.configureStore(ctx, stores, warn); err != nil {
		return err
	}
	return v.configureCredentials(ctx)
}

// transport makes one that trusts the authorities that are configured, and those authorities. It has no credentials.
func (v *Values) transport() (*http.Transport, *x509.CertPool, error) {
	trust, err := v.trust()
	if err != nil {
		return nil, nil, err
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig = &tls.Config{RootCAs: trust, Renegotiation: v.Config.TokenRequest.Renegotiation}
	return base, trust, nil
}

// limitAttempts lets an attempt to get a token take as long as the command waits for a response. The command's own
// limit passes first, so that the error is about the setting. The callers of a service have limits of their own, which
// are not known here: it keeps those of M9, or a longer round if an attempt is given more.
func (v *Values) limitAttempts() {
	const (
		slack   = time.Second
		forever = 10 * 365 * 24 * time.Hour // as a command is concerned
	)
	limit := v.Timeout
	if limit == 0 || limit > forever {
		limit = forever
	}
	policy := &v.Config.Policy
	switch {
	case !v.Service:
		policy.AttemptTimeout, policy.RoundTimeout = limit+slack, limit+slack
	case v.given("timeout"):
		policy.AttemptTimeout, policy.RoundTimeout = limit, max(limit, serviceRound)
	}
}

// serviceRound is the library's default of Policy.RoundTimeout.
const serviceRound = 10 * time.Second

// trust adds an authority to those of the system, for both servers. Nil: the system's alone.
func (v *Values) trust() (*x509.CertPool, error) {
	if v.CAFile == "" {
		return nil, nil
	}
	content, err := files.Read(string(v.CAFile), MaxFile)
	if err != nil {
		return nil, exit.Usagef("%s: %w", v.at("ca_file"), err)
	}
	v.trusted = sha256.Sum256(content)
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(content) {
		return nil, exit.Usagef("%s: %s holds no certificate in PEM form", v.at("ca_file"), v.CAFile)
	}
	return pool, nil
}

// Invalid reports the library's error about Config in the program's names, with exit code 2.
func (v *Values) Invalid(err error) error {
	var problems exit.Problems
	for _, line := range v.names.Errors(err) {
		if rest, found := strings.CutPrefix(line, v.names.Of("ClientSecret")+": "); found && v.secretFrom != "" {
			line = v.secretFrom + ": " + rest // of those that may give it
		} else if v.object != "" {
			line = v.located(line)
		}
		problems.Note(errors.New(line))
	}
	return problems.Err()
}

// located puts in front of a line that begins with a setting's name where that stands.
func (v *Values) located(line string) string {
	name, rest, _ := strings.Cut(line, ": ")
	name, index, indexed := strings.Cut(name, "[")
	if indexed {
		index = "[" + index
	}
	if strings.ContainsAny(name, " .") {
		return v.object + ": " + line // no name, but a sentence or a field that has no setting
	}
	return v.at(name) + index + ": " + rest
}

// Names are what messages call the settings.
func (v *Values) Names() Names { return v.names }

// InNames puts the program's names into a text of the library.
func (v *Values) InNames(text string) string { return v.names.In(text) }
