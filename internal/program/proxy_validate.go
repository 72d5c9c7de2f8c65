package program

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/check"
	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/internal/program/proxyfile"
)

// validateTime bounds each step of the validation of a route.
const validateTime = 10 * time.Second

func (r *proxyRun) validateCommand() *cli.Command {
	return &cli.Command{
		Name:  "validate",
		Usage: "try every route of the configuration and report what is wrong with it",
		Description: "Reads the configuration, and reports everything that makes no sense in it. Then, for each route,\n" +
			"it gets a token and connects to the upstream, to which it sends a HEAD request without the token.\n" +
			"No listener is opened. Each route has a line with a mark, ✓ or !, or ✗ with cause and remedy. The\n" +
			"exit code is that of the first route that fails.",
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := argumentsAre(cmd); err != nil {
				return err
			}
			return r.validate(ctx, cmd)
		},
	}
}

func (r *proxyRun) validate(ctx context.Context, cmd *cli.Command) error {
	loaded, err := r.load(ctx, cmd, r.clients())
	if err != nil {
		return err
	}
	for _, warning := range loaded.Warnings {
		fmt.Fprintf(r.stderr, "alf: %s\n", warning)
	}
	var routes []check.Route
	for i := range loaded.Config.Routes {
		routes = append(routes, r.checked(loaded, i))
	}
	if err := check.Routes(ctx, routes, r.stdout, r.speaksUTF8()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(r.stdout, format.Plural(len(routes), "route")+", nothing is wrong")
	return err
}

// checked is what is checked of a route.
func (r *proxyRun) checked(loaded *proxyfile.Loaded, i int) check.Route {
	route := &loaded.Config.Routes[i]
	client := loaded.Clients[route.Client]
	cfg := route.Target.Apply(loaded.Config.Clients[route.Client].Config)
	timeout := validateTime
	if route.ResponseTime > 0 {
		timeout = min(timeout, route.ResponseTime)
	}
	return check.Route{
		Name: route.Name, Where: loaded.Routes[i].Where, Upstream: route.Upstream, UpstreamWhere: loaded.Routes[i].Upstream, UpstreamSetting: loaded.Routes[i].UpstreamName,
		Subject: check.Subject{Config: &cfg, From: client.Values.From, Names: client.Values.Names(), Timeout: timeout},
	}
}
