package settings

import (
	"context"
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
// limit passes first, so that the error is about the setting.
func (v *Values) limitAttempts() {
	const (
		slack   = time.Second
		forever = 10 * 365 * 24 * time.Hour // as a command is concerned
	)
	limit := v.Timeout
	if limit == 0 || limit > forever {
		limit = forever
	}
	v.Config.Policy.AttemptTimeout, v.Config.Policy.RoundTimeout = limit+slack, limit+slack
}

// trust adds an authority to those of the system, for both servers. Nil: the system's alone.
func (v *Values) trust() (*x509.CertPool, error) {
	if v.CAFile == "" {
		return nil, nil
	}
	content, err := files.Read(string(v.CAFile), MaxFile)
	if err != nil {
		return nil, exit.Usagef("--ca-file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(content) {
		return nil, exit.Usagef("--ca-file: %s holds no certificate in PEM form", v.CAFile)
	}
	return pool, nil
}

// Invalid reports the library's error about Config in the program's names, with exit code 2.
func (v *Values) Invalid(err error) error {
	var problems exit.Problems
	for _, line := range v.names.Errors(err) {
		if rest, found := strings.CutPrefix(line, v.names.Of("ClientSecret")+": "); found && v.secretFrom != "" {
			line = v.secretFrom + ": " + rest // of those that may give it
		}
		problems.Note(errors.New(line))
	}
	return problems.Err()
}
