package program

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/files"
)

// session is a client ready for use, as a command's settings have it.
type session struct {
	*alf.Client
	settings *settings
	log      *eventLog
}

// connect makes the client that a command works with. Close it.
func (p *program) connect(ctx context.Context, cmd *cli.Command) (*session, error) {
	s, cfg, err := p.configure(ctx, cmd)
	if err != nil {
		return nil, err
	}
	log := p.eventLog(cmd)
	cfg.Logger = log.logger()
	client, err := alf.New(*cfg)
	if err != nil {
		return nil, unusable(err)
	}
	return &session{client, s, log}, nil
}

// configure is all that comes before a client: settings, and what they name.
func (p *program) configure(ctx context.Context, cmd *cli.Command) (*settings, *alf.Config, error) {
	s, f, err := p.settings(cmd)
	if err != nil {
		return nil, nil, err
	}
	secret, err := p.secret(ctx, cmd, f, s)
	if err != nil {
		return nil, nil, err
	}
	trust, err := s.trust()
	if err != nil {
		return nil, nil, err
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig = trust
	cfg := &alf.Config{
		TokenURL:     s.tokenURL,
		Issuer:       s.issuer,
		ClientID:     s.clientID,
		ClientSecret: secret,
		Scopes:       s.scopes,
		Audience:     s.audience,
		Resource:     s.resource,
		Params:       s.params,
		TokenRequest: alf.TokenRequest{TLS: trust, Header: s.tokenHeader},
		HTTPClient:   &http.Client{Transport: base},
		Origins:      s.origins,
		AllowHTTP:    s.allowHTTP,
	}
	if err := s.prove(ctx, cfg); err != nil {
		return nil, nil, err
	}
	return s, cfg, nil
}

// unusable says the library's opinion of a configuration in words of the program.
func unusable(err error) error {
	return &failure{exitUsage, errors.New(inFlags(strings.TrimPrefix(err.Error(), "alf: unusable Config:\n")))}
}

// close ends the client, with the connections that alf.New did not make, and its log.
func (s *session) close() {
	s.CloseIdleConnections()
	s.Close()
	s.log.flush()
}

// trust adds an authority to those of the system, for both servers. Nil: the system's alone.
func (s *settings) trust() (*tls.Config, error) {
	if s.caFile == "" {
		return nil, nil
	}
	content, err := files.Read(context.Background(), s.caFile, maxFile)
	if err != nil {
		return nil, usagef("--ca-file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(content) {
		return nil, usagef("--ca-file: %s holds no certificate in PEM form", s.caFile)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// awaiting limits the wait for an answer's beginning. arrived lifts the limit; cancel frees what is left.
func (s *session) awaiting(ctx context.Context) (limited context.Context, arrived, cancel func()) {
	timeout := s.settings.timeout
	if timeout == 0 {
		return ctx, func() {}, func() {}
	}
	limited, abort := context.WithCancelCause(ctx)
	timer := time.AfterFunc(timeout, func() { abort(timedOut(timeout)) })
	return limited, func() { timer.Stop() }, func() { timer.Stop(); abort(nil) }
}
