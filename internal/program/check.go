package program

import (
	"context"
	"net/http"

	"github.com/urfave/cli/v3"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
)

func (p *program) checkCommand() *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "try a configuration and tell what is wrong with it",
		Description: "Goes through a configuration step by step: settings and proofs, the way to the server, its\n" +
			"certificate and clock, its metadata, a token request, what can be read of the token and, with\n" +
			"--api, one GET of an API. Each step has a line with a mark:\n" +
			"   ✓  it is as it should be\n" +
			"   !  it works, but is worth a look\n" +
			"   ✗  it fails: cause and remedy follow\n" +
			"   –  not done, for want of an earlier one\n\n" +
			"This command alone, after the client was refused, asks again to tell causes apart: once in the\n" +
			"other Basic style if id or secret have reserved characters, and once as a client that does not\n" +
			"exist, with a secret that is none. Token and secret are never printed. The exit code is that of\n" +
			"the step that failed." + aboutSettings,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "api", Usage: "get `URL` with the token", Sources: p.fromEnv("api")},
		}, p.connectionFlags()...),
		Action: p.check,
	}
}

// checkup is what the steps find out, each from what those before it did.
type checkup struct {
	program *program
	cmd     *cli.Command
	api     *http.Request // nil: none was named

	settings *settings
	config   *alf.Config
	fetcher  *fetcher.Fetcher
	way      *way
	metadata *fetcher.Metadata // nil: there is no issuer
	token    *oauth2.Token
	jwt      *jwt // nil: the token is none

	secrets []string // what nothing that is printed may hold
}

func (p *program) check(ctx context.Context, cmd *cli.Command) error {
	if err := arguments(cmd); err != nil {
		return err
	}
	c := &checkup{program: p, cmd: cmd}
	defer c.close()
	return c.run(ctx)
}

// run takes the steps until one fails, and names the others.
func (c *checkup) run(ctx context.Context) error {
	out := newCheckWriter(c.program)
	var failed error
	for _, step := range checkSteps {
		if step.applies != nil && !step.applies(c) {
			continue
		}
		found := finding{mark: skipped, text: "not done"}
		if failed == nil {
			found = step.take(c, ctx)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if found.mark == crossed {
			failed = failf(found.code, "the check failed: %s", step.name)
		}
		if err := out.write(step.name, found); err != nil {
			return failf(exitBroken, "writing the findings: %w", err)
		}
	}
	return failed
}

// limited bounds a step.
func (c *checkup) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.settings.timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, c.settings.timeout, timedOut(c.settings.timeout))
}

func (c *checkup) close() {
	if c.fetcher != nil {
		c.fetcher.CloseIdleConnections()
	}
}
