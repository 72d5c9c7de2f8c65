package program

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/internal/program/proxyfile"
	"github.com/alf-go/alf/internal/wire"
)

func (r *proxyRun) routeCommand() *cli.Command {
	method := http.MethodGet
	var headers []string
	return &cli.Command{
		Name:      "route",
		Usage:     "report the route and the token that a request would get",
		ArgsUsage: "URL",
		Description: "Prints for a request where each listener would send it, with which token, and what would become of\n" +
			"its headers, or why it would be refused. Nothing is sent, and no secret is read. URL is what a\n" +
			"program would use, such as http://localhost/orders/17; its path is taken as it is written. The exit\n" +
			"code is 5 if no listener admits the request.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "request", Aliases: []string{"X"}, Usage: "`METHOD` of the request", Value: method, Destination: &method},
			&cli.StringSliceFlag{Name: "header", Aliases: []string{"H"}, Usage: "add `'NAME: VALUE'` to the request's headers", Destination: &headers},
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := argumentsAre(cmd, "URL"); err != nil {
				return err
			}
			request, err := routedRequest(method, cmd.Args().First(), headers)
			if err != nil {
				return err
			}
			with := r.clients()
			with.Offline = true
			loaded, err := r.load(ctx, cmd, with)
			if err != nil {
				return err
			}
			return explainRoutes(r.stdout, loaded, request)
		},
	}
}

// routedRequest is the head of a request as a listener would get it. Its target is what stands in the URL, letter for
// letter.
func routedRequest(method, address string, headers []string) (*routing.Request, error) {
	if !wire.ValidToken(method) {
		return nil, exit.Usagef("-X: not a method: write for example GET")
	}
	request := &routing.Request{Major: 1, Minor: 1, Method: method, Host: "localhost", Header: make(map[string][]string)}
	scheme, rest, absolute := strings.Cut(address, "://")
	switch {
	case absolute && !strings.EqualFold(scheme, "http"):
		return nil, exit.Usagef("URL: programs speak plain http with the proxy: write http://, or the path alone")
	case absolute:
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		request.Host, rest = rest[:end], rest[end:]
	case !strings.HasPrefix(address, "/"):
		return nil, exit.Usagef("URL: write http://HOST/PATH, or the path alone, which begins with a slash")
	default:
		rest = address
	}
	if rest, _, _ = strings.Cut(rest, "#"); !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	request.Target = rest
	for _, line := range headers {
		name, value, ok := strings.Cut(line, ":")
		if name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)); !ok || !wire.ValidToken(name) {
			return nil, exit.Usagef("-H: not of the form 'NAME: VALUE'")
		}
		if value = strings.TrimSpace(value); name == "Host" {
			request.Host = value
			continue
		}
		request.Header[name] = append(request.Header[name], value)
	}
	return request, nil
}

// explainRoutes prints what each listener would do with a request. Listeners that do the same are named together.
func explainRoutes(out io.Writer, loaded *proxyfile.Loaded, request *routing.Request) error {
	var order []string
	same := make(map[string][]string)
	refused := true
	for i := range loaded.Config.Listeners {
		l := &loaded.Config.Listeners[i]
		text, admitted, err := explainRoute(loaded, l.Hosts, request)
		if err != nil {
			return err
		}
		refused = refused && !admitted
		name := l.Address
		if l.CallerSecret != nil {
			name += " (with the caller secret)"
		}
		if same[text] == nil {
			order = append(order, text)
		}
		same[text] = append(same[text], name)
	}
	for i, text := range order {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if _, err := fmt.Fprintf(out, "listener   %s\n%s", strings.Join(same[text], ", "), text); err != nil {
			return exit.Failf(exit.Broken, "writing the route: %w", err)
		}
	}
	if refused {
		return exit.Failf(exit.API, "the request would be refused")
	}
	return nil
}

// explainRoute is what a listener that serves some hosts would do with a request.
func explainRoute(loaded *proxyfile.Loaded, hosts []string, request *routing.Request) (text string, admitted bool, err error) {
	var rules []routing.Route
	for i := range loaded.Config.Routes {
		rules = append(rules, loaded.Config.Routes[i].Route)
	}
	table, err := routing.NewTable(hosts, rules)
	if err != nil {
		return "", false, err
	}
	match, refusal := table.Decide(request)
	if refusal != nil {
		text = fmt.Sprintf("refused    %s: %s\n", wire.Status(refusal.Status), refusal.Detail)
		if len(refusal.Allow) > 0 {
			text += "allowed    " + strings.Join(refusal.Allow, ", ") + "\n"
		}
		return text, false, nil
	}
	route := &loaded.Config.Routes[match.Route]
	about := loaded.Routes[match.Route]
	address := *route.Upstream
	upstream := address.String() + match.Path
	if match.Query != "" {
		upstream += "?" + match.Query
	}
	var b strings.Builder
	fmt.Fprintf(&b, "route      %s\n", strings.TrimPrefix(route.Name+", "+about.Where, ", "))
	fmt.Fprintf(&b, "upstream   %s %s\n", request.Method, upstream)
	fmt.Fprintf(&b, "token      %s\n", tokenOf(loaded, route.Client, route.Target))
	fmt.Fprintf(&b, "policies   %s\n", strings.Join(about.Policies, ", "))
	if route.ResponseTime > 0 {
		fmt.Fprintf(&b, "time       %s until the response begins\n", format.Rough(route.ResponseTime))
	}
	return b.String(), true, nil
}

// tokenOf says which token a target is of.
func tokenOf(loaded *proxyfile.Loaded, client int, target alf.Target) string {
	c := &loaded.Config.Clients[client]
	cfg := target.Apply(c.Config)
	server := cfg.Issuer
	if server == "" {
		server, _, _ = strings.Cut(cfg.TokenURL, "?")
	}
	parts := []string{fmt.Sprintf("client %q of %s", cfg.ClientID, server)}
	if c.Name != "" {
		parts[0] = fmt.Sprintf("tenant %q, ", c.Name) + parts[0]
	}
	for _, asked := range []struct {
		what   string
		values []string
	}{{"audience", cfg.Audience}, {"scope", cfg.Scopes}, {"resource", cfg.Resource}} {
		if len(asked.values) > 0 {
			parts = append(parts, asked.what+" "+strings.Join(asked.values, " "))
		}
	}
	if len(cfg.Params) > 0 {
		var names []string
		for name := range cfg.Params {
			names = append(names, name)
		}
		slices.Sort(names)
		parts = append(parts, "parameters "+strings.Join(names, " "))
	}
	return strings.Join(parts, ", ")
}
