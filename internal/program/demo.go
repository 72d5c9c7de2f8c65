package program

import (
	"context"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/demo"
	"github.com/alf-go/alf/internal/program/exit"
)

func (p *program) demoCommand() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "show what happens when things go wrong, on loopback sockets",
		Description: "Starts an authorization server and a protected API, both on this machine alone, and sends traffic\n" +
			"through one client while tokens expire, are revoked, and the token endpoint is slow or down. Ends\n" +
			"by itself in less than 20 s (with tokens that live 3 s) with a table of what was measured, or\n" +
			"of what has been measured so far if it is interrupted. Exit code 1: a promise was broken.\n\n" +
			"The client proves itself by --auth-style: client_secret_basic, client_secret_basic_raw,\n" +
			"client_secret_post, client_secret_jwt, private_key_jwt, client_assertion, tls_client_auth or\n" +
			"self_signed_tls_client_auth. Keys, certificates and assertions are made for the occasion, and the\n" +
			"servers verify what they are sent. With the last two they speak TLS, and tokens are bound to the\n" +
			"client's certificate.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "callers", Value: 1000, Usage: "`NUMBER` of goroutines that send requests", Sources: p.fromEnv("demo-callers")},
			&cli.DurationFlag{Name: "every", Value: 200 * time.Millisecond, Usage: "`TIME` from one request of a caller to the next, on average; with --dpop 500ms if not given", Sources: p.fromEnv("demo-every")},
			&cli.DurationFlag{Name: "lifetime", Value: 3 * time.Second, Usage: "`TIME` that tokens live; all else takes longer with it", Sources: p.fromEnv("demo-lifetime")},
			&cli.StringFlag{Name: "auth-style", Value: alf.AuthBasic.String(), Usage: "`STYLE` is how the client proves itself, see above", Sources: p.fromEnv("demo-auth-style")},
			&cli.BoolFlag{Name: "dpop", Usage: "bind tokens to a key (RFC 9449); both servers want nonces in proofs", Sources: p.fromEnv("demo-dpop")},
			&cli.BoolFlag{Name: "discover", Usage: "find the token endpoint in the issuer's metadata (RFC 8414)", Sources: p.fromEnv("demo-discover")},
		},
		Action: p.demo,
	}
}

func (p *program) demo(ctx context.Context, cmd *cli.Command) error {
	if err := argumentsAre(cmd); err != nil {
		return err
	}
	if err := p.env.Misspelt(cmd.Root(), p.table); err != nil {
		return &exit.Failure{Code: exit.Usage, Err: err}
	}
	log := p.eventLog(cmd)
	options := demo.Options{
		Callers: cmd.Int("callers"), Every: cmd.Duration("every"), Lifetime: cmd.Duration("lifetime"),
		DPoP: cmd.Bool("dpop"), Discover: cmd.Bool("discover"),
		Progress: p.stderr,
		Live:     log == nil && p.isTerminal(p.stderr),
		Logger:   log.logger(),
	}
	if options.DPoP && !cmd.IsSet("every") {
		options.Every = 500 * time.Millisecond // one machine makes all the signatures and verifies them
	}
	if err := options.AuthStyle.UnmarshalText([]byte(cmd.String("auth-style"))); err != nil {
		return exit.Usagef("%s: %w", p.given(cmd, "auth-style"), err)
	}
	if err := options.Validate(); err != nil {
		return &exit.Failure{Code: exit.Usage, Err: err}
	}
	measured, err := demo.Run(ctx, options)
	if err != nil {
		return exit.Failf(exit.Broken, "the demonstration could not run: %w", err)
	}
	log.flush()
	if err := measured.Write(p.stdout); err != nil {
		return exit.Failf(exit.Broken, "writing the report: %w", err)
	}
	if !measured.Held() {
		return exit.Failf(exit.Broken, "a promise was broken, see the report")
	}
	return nil
}
