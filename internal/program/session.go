package program

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// session is a client ready for use, as a command's settings describe it.
type session struct {
	*alf.Client
	settings *settings.Values
	log      *eventLog
}

// connect makes the client that a command works with. Close it.
func (p *program) connect(ctx context.Context, cmd *cli.Command) (*session, error) {
	v, err := p.configure(ctx, cmd)
	if err != nil {
		return nil, err
	}
	for _, w := range v.Warnings() {
		fmt.Fprintf(p.stderr, "alf: %s: %s\n", w.Cause, w.Remedy)
	}
	log := p.eventLog(cmd)
	v.Config.Logger = log.logger()
	client, err := alf.New(v.Config)
	if err != nil {
		return nil, v.Invalid(err)
	}
	return &session{client, v, log}, nil
}

// connectClient is connect for commands of extensions.
func (p *program) connectClient(ctx context.Context, cmd *cli.Command) (*alf.Client, func(), error) {
	s, err := p.connect(ctx, cmd)
	if err != nil {
		return nil, nil, err
	}
	return s.Client, s.close, nil
}

// configure does all that comes before a client: it reads the settings, and what they name.
func (p *program) configure(ctx context.Context, cmd *cli.Command) (*settings.Values, error) {
	v, err := settings.Read(cmd, p.table, p.env, p.stdin)
	if err != nil {
		return nil, err
	}
	warn := func(err error) { fmt.Fprintf(p.stderr, "alf: %v\n", err) }
	if err := v.Configure(ctx, p.stores, warn); err != nil {
		return nil, err
	}
	for _, e := range p.extensions {
		if e.Configure == nil {
			continue
		}
		if err := e.Configure(ctx, &v.Config); err != nil {
			return nil, v.Invalid(err)
		}
	}
	return v, nil
}

// close ends the client, with the connections that alf.New did not make, and its log.
func (s *session) close() {
	s.CloseIdleConnections()
	s.Close()
	s.log.flush()
}

// awaiting limits the wait for the beginning of a response. arrived lifts the limit; cancel frees what is left.
func (s *session) awaiting(ctx context.Context) (limited context.Context, arrived, cancel func()) {
	timeout := s.settings.Timeout
	if timeout == 0 {
		return ctx, func() {}, func() {}
	}
	limited, abort := context.WithCancelCause(ctx)
	timer := time.AfterFunc(timeout, func() { abort(exit.TimedOut(timeout)) })
	return limited, func() { timer.Stop() }, func() { timer.Stop(); abort(nil) }
}
