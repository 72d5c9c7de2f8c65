package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/cmd/alf/internal/demo"
)

func (p *program) demoCommand() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "show what happens when things go wrong, on loopback sockets",
		Description: "Starts an authorization server and a protected API, both on this machine alone, and sends traffic\n" +
			"through one client while tokens expire, are revoked, and the token endpoint is slow or down. Ends\n" +
			"by itself in less than 20 s (with tokens that live 3 s) with a table of what was measured, or\n" +
			"of what has been measured so far if it is interrupted. Exit code 1: a promise was broken.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "callers", Value: 1000, Usage: "`NUMBER` of goroutines that send requests", Sources: p.fromEnv("demo-callers")},
			&cli.DurationFlag{Name: "every", Value: 200 * time.Millisecond, Usage: "`TIME` from one request of a caller to the next, on average", Sources: p.fromEnv("demo-every")},
			&cli.DurationFlag{Name: "lifetime", Value: 3 * time.Second, Usage: "`TIME` that tokens live; all else takes longer with it", Sources: p.fromEnv("demo-lifetime")},
		},
		Action: p.demo,
	}
}

func (p *program) demo(ctx context.Context, cmd *cli.Command) error {
	if err := arguments(cmd); err != nil {
		return err
	}
	log := p.eventLog(cmd)
	options := demo.Options{
		Callers: cmd.Int("callers"), Every: cmd.Duration("every"), Lifetime: cmd.Duration("lifetime"),
		Progress: p.stderr,
		Live:     log == nil && p.isTerminal(p.stderr),
		Logger:   log.logger(),
	}
	if err := options.Validate(); err != nil {
		return &failure{exitUsage, err}
	}
	measured, err := demo.Run(ctx, options)
	if err != nil {
		return failf(exitBroken, "the demonstration could not run: %w", err)
	}
	log.flush()
	if err := measured.Write(p.stdout); err != nil {
		return failf(exitBroken, "writing the report: %w", err)
	}
	if !measured.Held() {
		return failf(exitBroken, "a promise was broken, see the report")
	}
	return nil
}
