// Package demo shows what the client does when things go wrong: it runs an authorization server and a protected API on
// loopback sockets, sends traffic through one client from many goroutines, and plays a script of mishaps meanwhile.
// Everything it reports is measured, by the servers, the callers and the client.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/demo/journal"
	"github.com/alf-go/alf/internal/program/demo/narrator"
	"github.com/alf-go/alf/internal/program/demo/report"
	"github.com/alf-go/alf/internal/program/demo/server"
	"github.com/alf-go/alf/manager"
)

// Options is how large a demonstration is.
type Options struct {
	// Callers is how many goroutines send requests, and Every how long each waits from one to the next on average.
	Callers int
	Every   time.Duration
	// Lifetime is how long tokens live, in whole seconds: OAuth knows no others.
	Lifetime time.Duration
	// Policy is the client's.
	Policy alf.Policy

	// AuthStyle is how the client authenticates to the token endpoint.
	AuthStyle alf.AuthStyle
	// DPoP binds its tokens to a key.
	DPoP bool
	// Discover has the client find the token endpoint in the authorization server's metadata.
	Discover bool

	// Progress receives what happens while it happens. Live says that it is a terminal, on which a line may be
	// rewritten.
	Progress io.Writer
	Live     bool
	// Logger receives the client's events. Nil: none.
	Logger *slog.Logger
}

// Validate reports what [Run] would refuse, by name.
func (o Options) Validate() error {
	var problems []error
	if o.Callers < 1 || o.Callers > 20_000 {
		problems = append(problems, fmt.Errorf("--callers is %d: must be from 1 to 20,000", o.Callers))
	}
	if o.Every < time.Millisecond || o.Every > time.Second {
		problems = append(problems, fmt.Errorf("--every is %v: must be from 1ms to 1s", o.Every))
	}
	if o.Lifetime < time.Second || o.Lifetime > time.Minute || o.Lifetime%time.Second != 0 {
		problems = append(problems, fmt.Errorf("--lifetime is %v: must be whole seconds, from 1s to 1m", o.Lifetime))
	}
	if _, err := o.AuthStyle.MarshalText(); err != nil {
		problems = append(problems, fmt.Errorf("--auth-style: %w", err))
	}
	return errors.Join(problems...)
}

// limit is when the demonstration ends whatever has happened: well above what it takes, for a machine that is busy.
func (o Options) limit() time.Duration { return 5*o.Lifetime + 3500*time.Millisecond }

// Run plays the script and reports what was measured. When ctx ends it stops early, with what it has so far. The error
// is about the demonstration itself: what it demonstrates is in the report.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	c, err := newCredentials(o)
	if err != nil {
		return nil, err
	}
	auth, err := server.NewAuth(c.known, o.Lifetime, c.server)
	if err != nil {
		return nil, err
	}
	defer auth.Close()
	api, err := server.NewAPI(auth)
	if err != nil {
		return nil, err
	}
	defer api.Close()
	log := new(journal.Journal)
	base := c.transport(o.Callers)
	defer base.CloseIdleConnections()
	client, closeClient, err := newClient(o, c, auth, base, log)
	if err != nil {
		return nil, err
	}
	defer closeClient()
	if c.server != nil {
		connect(ctx, base, api, o.Callers)
	}

	s := &script{
		auth: auth, api: api, client: client, journal: log, lifetime: o.Lifetime,
		traffic:  &traffic{client: client, url: api.URL(), callers: o.Callers, every: o.Every},
		narrator: narrator.New(o.Progress, o.Live), authentication: o.authentication(),
	}
	start := time.Now()
	stopped := s.play(ctx, o.limit())
	took := time.Since(start)

	r := &report.Report{
		Callers: o.Callers, Lifetime: o.Lifetime, Took: took, Stopped: stopped, Unfinished: s.unfinished,
		Authentication: o.authentication(), Bound: o.DPoP || c.server != nil,
		Acts: s.played, API: api.Counts(),
	}
	r.Client, r.TokenRequests = s.settled()
	if o.DPoP {
		r.Proofs = &report.Proofs{Auth: auth.Proofs(), API: api.Proofs()}
	}
	if failure := s.traffic.firstFailure.Load(); failure != nil {
		r.FirstFailure = *failure
	}
	closeClient()
	s.awaitEnd()
	r.Made, r.Fewest = journal.Audit(log.Entries(time.Time{}), s.revocations)
	return r, nil
}

// newClient makes the client that any program would have got from alf.New, except for the stopwatch around its manager.
// Who brings a manager has to give the client what its tokens are bound to: the key is in DPoP, the certificate in
// base.
func newClient(
	o Options, c *credentials, auth *server.Auth, base *http.Transport, log *journal.Journal,
) (client *alf.Client, closeAll func(), err error) {
	cfg := c.client
	if o.Discover {
		cfg.Issuer = auth.Issuer()
	} else {
		cfg.TokenURL = auth.TokenURL()
	}
	tokens, err := fetcher.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	m, err := manager.New(manager.Config{Fetcher: tokens, Policy: o.Policy, Hook: log.Add, Logger: o.Logger})
	if err != nil {
		return nil, nil, err
	}
	client, err = alf.New(alf.Config{Manager: stopwatch{m}, DPoP: cfg.DPoP, HTTPClient: &http.Client{Transport: base}})
	if err != nil {
		m.Close()
		return nil, nil, err
	}
	return client, func() {
		client.Close()
		m.Close()
		tokens.CloseIdleConnections()
	}, nil
}
