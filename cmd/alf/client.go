package main

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
)

// session is a client ready for use, as a command's settings have it.
type session struct {
	*alf.Client
	timeout time.Duration
	log     *eventLog
}

// connect makes the client that a command works with. Close it.
func (p *program) connect(ctx context.Context, cmd *cli.Command) (*session, error) {
	s, f, err := p.settings(cmd)
	if err != nil {
		return nil, err
	}
	secret, err := p.secret(ctx, cmd, f)
	if err != nil {
		return nil, err
	}
	trust, err := s.trust()
	if err != nil {
		return nil, err
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig = trust
	log := p.eventLog(cmd)
	client, err := alf.New(alf.Config{
		TokenURL:     s.tokenURL,
		ClientID:     s.clientID,
		ClientSecret: secret,
		Scopes:       s.scopes,
		Audience:     s.audience,
		Params:       s.params,
		AuthStyle:    s.authStyle,
		TokenRequest: alf.TokenRequest{TLS: trust, Header: s.tokenHeader},
		HTTPClient:   &http.Client{Transport: base},
		Origins:      s.origins,
		AllowHTTP:    s.allowHTTP,
		Logger:       log.logger(),
	})
	if err != nil {
		return nil, &failure{exitUsage, errors.New(inFlags(strings.TrimPrefix(err.Error(), "alf: unusable Config:\n")))}
	}
	return &session{client, s.timeout, log}, nil
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
	content, err := readBounded(s.caFile, maxFile)
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
	if s.timeout == 0 {
		return ctx, func() {}, func() {}
	}
	limited, abort := context.WithCancelCause(ctx)
	timer := time.AfterFunc(s.timeout, func() { abort(timedOut(s.timeout)) })
	return limited, func() { timer.Stop() }, func() { timer.Stop(); abort(nil) }
}
