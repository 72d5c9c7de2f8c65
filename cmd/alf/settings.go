package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
)

// settings is what flags, environment and configuration file come down to.
type settings struct {
	tokenURL, clientID string
	scopes, audience   []string
	params             url.Values
	authStyle          alf.AuthStyle
	origins, allowHTTP []string
	tokenHeader        http.Header
	timeout            time.Duration
	caFile             string
}

// aboutSettings is the help that every command with connectionFlags needs.
const aboutSettings = `

Settings come from flags, else from the environment, else from a JSON file: --config, or
alf/config.json in $XDG_CONFIG_HOME or ~/.config. Its keys are token_url, client_id,
client_secret_file, scopes, audience, params, auth_style, origins, allow_http, token_header,
timeout and ca_file. Scopes, audiences, origins and hosts are given apart by spaces, or by
repeating the flag. The client secret is in $ALF_CLIENT_SECRET, or in the file that
--secret-file, $ALF_CLIENT_SECRET_FILE or client_secret_file names, or comes by --secret-stdin.`

// connectionFlags are those of every command that needs a token. A flag belongs to one command, so each gets its own.
func (p *program) connectionFlags() []cli.Flag {
	const category = "Token and connection:"
	text := func(name, usage string) cli.Flag {
		return &cli.StringFlag{Name: name, Category: category, Usage: usage, Sources: p.fromEnv(name)}
	}
	list := func(name, usage string) cli.Flag {
		return &cli.StringSliceFlag{Name: name, Category: category, Usage: usage, Sources: p.fromEnv(name)}
	}
	file := func(name, usage string) cli.Flag {
		return &cli.StringFlag{Name: name, Category: category, Usage: usage, Sources: p.fromEnv(name), TakesFile: true}
	}
	return []cli.Flag{
		file("config", "read settings from `PATH`; \"\" for no file"),
		text("token-url", "`URL` of the token endpoint"),
		text("client-id", "client `ID`"),
		// Without a source: it competes with other ways to the secret, see secretSource.
		&cli.StringFlag{Name: "secret-file", Category: category, Usage: "read the client secret from `PATH`", TakesFile: true},
		&cli.BoolFlag{Name: "secret-stdin", Category: category, Usage: "read the client secret from standard input"},
		list("scope", "ask for `SCOPE`"),
		list("audience", "ask for `AUDIENCE`"),
		list("param", "add `KEY=VALUE`, form-encoded, to the token request"),
		list("token-header", "add `'NAME: VALUE'` to the token request's headers"),
		text("auth-style", "`STYLE` is client_secret_basic, client_secret_post or client_secret_basic_raw"),
		list("origin", "let the token go to `ORIGIN` only, such as https://api.example.com"),
		list("allow-http", "let secret and token go to `HOST` over plain http"),
		file("ca-file", "trust the authorities in `PATH` (PEM) as well"),
		&cli.DurationFlag{
			Name: "timeout", Category: category, Sources: p.fromEnv("timeout"), Value: 30 * time.Second,
			Usage: "give up after `TIME` without the beginning of an answer; 0: never",
		},
	}
}

func (p *program) verboseFlag() cli.Flag {
	return &cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "log what the client does to standard error", Sources: p.fromEnv("verbose")}
}

// settings reads them from a command's flags (which include the environment) and, for those not set, from the file.
func (p *program) settings(cmd *cli.Command) (*settings, *file, error) {
	f, err := p.readFile(cmd)
	if err != nil {
		return nil, nil, err
	}
	s := &settings{
		tokenURL:  choose(cmd, "token-url", cmd.String, f.TokenURL),
		clientID:  choose(cmd, "client-id", cmd.String, f.ClientID),
		scopes:    choose(cmd, "scope", words(cmd), f.Scopes),
		audience:  choose(cmd, "audience", words(cmd), f.Audience),
		origins:   choose(cmd, "origin", words(cmd), f.Origins),
		allowHTTP: choose(cmd, "allow-http", words(cmd), f.AllowHTTP),
		caFile:    choose(cmd, "ca-file", cmd.String, f.beside(f.CAFile)),
		timeout:   cmd.Duration("timeout"),
		params:    f.Params.values(),
	}
	if !cmd.IsSet("timeout") && f.Timeout != nil {
		s.timeout = time.Duration(*f.Timeout)
	}
	var problems []error
	note := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	if s.timeout < 0 {
		note(fmt.Errorf("--timeout is %v: must not be negative; 0 waits for ever", s.timeout))
	}
	if style := choose(cmd, "auth-style", cmd.String, f.AuthStyle); style != "" {
		note(s.authStyle.UnmarshalText([]byte(style)))
	}
	if cmd.IsSet("param") {
		s.params, err = parseParams(cmd.StringSlice("param"))
		note(err)
	}
	if cmd.IsSet("token-header") {
		s.tokenHeader, err = parseHeaders("--token-header", cmd.StringSlice("token-header"))
	} else {
		s.tokenHeader, err = f.TokenHeader.header("token_header in " + f.path)
	}
	note(err)
	for _, required := range []struct{ value, name, key string }{
		{s.tokenURL, "token-url", "token_url"},
		{s.clientID, "client-id", "client_id"},
	} {
		if required.value == "" {
			note(fmt.Errorf("--%s is missing: set it, or %s, or %s in a configuration file", required.name, variable(required.name), required.key))
		}
	}
	if len(problems) > 0 {
		return nil, nil, &failure{exitUsage, errors.Join(problems...)}
	}
	return s, f, nil
}

// choose takes the flag's value if there is one, else the file's.
func choose[T any](cmd *cli.Command, name string, flag func(string) T, file T) T {
	if cmd.IsSet(name) {
		return flag(name)
	}
	return file
}

// words splits values that hold no spaces themselves.
func words(cmd *cli.Command) func(name string) list {
	return func(name string) list { return strings.Fields(strings.Join(cmd.StringSlice(name), " ")) }
}

// parseParams names no value: there may be secrets among them.
func parseParams(given []string) (url.Values, error) {
	params := make(url.Values)
	for _, pairs := range given {
		parsed, err := url.ParseQuery(pairs)
		if err != nil || !strings.Contains(pairs, "=") {
			return nil, errors.New("--param: not of the form KEY=VALUE[&KEY=VALUE], form-encoded: write % as %25, & as %26, + as %2B")
		}
		for key, values := range parsed {
			params[key] = append(params[key], values...)
		}
	}
	return params, nil
}

// parseHeaders reads lines like "Name: value"; what names them in errors.
func parseHeaders(what string, given []string) (http.Header, error) {
	header := make(http.Header)
	for _, lines := range given {
		for line := range strings.Lines(lines) {
			name, value, ok := strings.Cut(line, ":")
			if name = strings.TrimSpace(name); !ok || name == "" {
				return nil, usagef("%s: not of the form 'NAME: VALUE'", what)
			}
			name = textproto.CanonicalMIMEHeaderKey(name)
			header[name] = append(header[name], strings.TrimSpace(value))
		}
	}
	return header, nil
}
