package program

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/check"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

func (p *program) checkCommand() *cli.Command {
	var api string
	own := settings.Table{{Name: "api", Into: &api, From: settings.Flag | settings.Variable, Help: "get `URL` with the token"}}
	return &cli.Command{
		Name:  "check",
		Usage: "try a configuration and report what is wrong with it",
		Description: "Goes through a configuration step by step: settings and credentials, the route to the server, its\n" +
			"certificate and clock, its metadata, a token request, what can be read of the token and, with\n" +
			"--api, one GET of an API. Each step has a line with a mark:\n" +
			"   ✓  it is as it should be\n" +
			"   !  it works, but is worth a look\n" +
			"   ✗  it fails: cause and remedy follow\n" +
			"   –  not done, for want of an earlier one\n\n" +
			"This command alone, after the client was refused, sends further requests to distinguish causes:\n" +
			"with id and secret encoded in another way if they have reserved characters, and as a client that\n" +
			"does not exist. Token and secret are never printed. The exit code is that of the step that failed." + p.about(),
		Flags: p.flags(own.Flags(p.env, true)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := argumentsAre(cmd); err != nil {
				return err
			}
			if err := own.Take(cmd, p.env); err != nil {
				return err
			}
			return p.check(ctx, cmd, api)
		},
	}
}

func (p *program) check(ctx context.Context, cmd *cli.Command, api string) error {
	s := check.Subject{Names: p.names, TestAPI: api != ""}
	v, err := p.configure(ctx, cmd)
	if err == nil {
		s.Config, s.From, s.Timeout, s.Warnings = &v.Config, v.From, v.Timeout, v.Warnings()
		if err = v.Config.Validate(); err != nil {
			err = v.Invalid(err)
		}
	}
	var apiErr error
	if s.TestAPI {
		if s.API, apiErr = newRequest(settings.Given(cmd, p.env, "api").Text, http.MethodGet, api, nil); apiErr == nil {
			apiErr = setHeaders(s.API, false, nil)
		}
	}
	if err := errors.Join(err, apiErr); err != nil {
		s.Err = &exit.Failure{Code: exit.Usage, Err: err}
	}
	return check.Run(ctx, s, p.stdout, p.speaksUTF8())
}

// speaksUTF8 goes by the first variable of the locale that is set. Without any it is true, as terminals do these days.
func (p *program) speaksUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(p.env.Get(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return true
}
