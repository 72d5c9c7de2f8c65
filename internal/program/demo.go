package program

import (
	"context"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/demo"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

func (p *program) demoCommand() *cli.Command {
	o := demo.Options{Callers: 1000, Every: defaultEvery, Lifetime: 3 * time.Second}
	var number int // of processes
	own := demoSettings(&o, &number)
	return &cli.Command{
		Name:  "demo",
		Usage: "show what happens when things go wrong, on loopback sockets",
		Description: "Starts an authorization server and a protected API, both on this machine alone, and sends traffic\n" +
			"through one client while tokens expire, are revoked, and the token endpoint is slow or down. Ends\n" +
			"by itself in less than 20 s (with tokens that live 3 s) with a table of what was measured, or\n" +
			"of what has been measured so far if it is interrupted. Exit code 1: a promise was broken.\n\n" +
			"The client authenticates by --auth-style: client_secret_basic, client_secret_basic_raw,\n" +
			"client_secret_post, client_secret_jwt, private_key_jwt, client_assertion, tls_client_auth or\n" +
			"self_signed_tls_client_auth. Keys, certificates and assertions are made for the occasion, and the\n" +
			"servers verify what they are sent. With the last two they speak TLS, and tokens are bound to the\n" +
			"client's certificate.\n\n" +
			"With --processes, the program runs as many processes of itself that share one token through a\n" +
			"store, and beside them as many that do not, while tokens are revoked, a process that fetches is\n" +
			"killed or stopped, the store is deleted, and the token endpoint is down. Ends in about 40 s with a\n" +
			"table of both.",
		Flags: own.Flags(p.env, true),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := argumentsAre(cmd); err != nil {
				return err
			}
			if err := p.env.Misspelt(cmd.Root(), p.table); err != nil {
				return &exit.Failure{Code: exit.Usage, Err: err}
			}
			if err := own.Take(cmd, p.env); err != nil {
				return err
			}
			if o.DPoP && !cmd.IsSet("every") {
				o.Every = 500 * time.Millisecond // one machine makes all the signatures and verifies them
			}
			if number != 0 {
				return p.demoOfProcesses(ctx, cmd, number, o)
			}
			return p.demo(ctx, cmd, o)
		},
	}
}

const defaultEvery = 200 * time.Millisecond

func demoSettings(o *demo.Options, number *int) settings.Table {
	table := settings.Table{
		{Name: "callers", Into: &o.Callers, Help: "`NUMBER` of goroutines that send requests; with --processes in each, and 4 if not given"},
		{Name: "every", Into: &o.Every, Help: "`TIME` from one request of a caller to the next, on average; with --dpop 500ms if not given"},
		{Name: "lifetime", Into: &o.Lifetime, Help: "lifetime `TIME` of tokens; all else takes longer with it; with --processes 24s if not given"},
		{Name: "processes", Into: number, Help: "`NUMBER` of processes that share one token through a store, from 2 to 200, or 0 for the client alone"},
		{Name: "auth_style", Into: &o.AuthStyle, Help: "`STYLE` by which the client authenticates, see above"},
		{Name: "dpop", Into: &o.DPoP, Help: "bind tokens to a key (RFC 9449); both servers require nonces in proofs"},
		{Name: "discover", Into: &o.Discover, Help: "find the token endpoint in the issuer's metadata (RFC 8414)"},
	}
	for i := range table {
		table[i].Prefix, table[i].From = "demo_", settings.Flag|settings.Variable
	}
	return table
}

func (p *program) demo(ctx context.Context, cmd *cli.Command, options demo.Options) error {
	log := p.eventLog(cmd)
	options.Progress, options.Live, options.Logger = p.stderr, log == nil && p.isTerminal(p.stderr), log.logger()
	if err := options.Validate(); err != nil {
		return &exit.Failure{Code: exit.Usage, Err: err}
	}
	measured, err := demo.Run(ctx, options)
	if err != nil {
		return exit.Failf(exit.Broken, "the demonstration could not run: %w", err)
	}
	log.flush()
	return p.reportDemo(measured)
}

// reportDemo prints what a demonstration has measured. The error says that a promise was broken.
func (p *program) reportDemo(measured interface {
	Write(w io.Writer) error
	Held() bool
}) error {
	if err := measured.Write(p.stdout); err != nil {
		return exit.Failf(exit.Broken, "writing the report: %w", err)
	}
	if !measured.Held() {
		return exit.Failf(exit.Broken, "a promise was broken, see the report")
	}
	return nil
}
