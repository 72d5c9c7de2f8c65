package program

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
	tokenURL, issuer, clientID string
	scopes, audience, resource []string
	params                     url.Values
	origins, allowHTTP         []string
	tokenHeader                http.Header
	timeout                    time.Duration
	caFile                     string

	authStyle            alf.AuthStyle
	secretFrom           string // in words; "" if there is none
	keyFile, keyID       string
	assertionFile        string
	assertion            alf.Assertion // but for Key and Source
	certFile, certKey    string
	dpop                 bool
	dpopKey, dpopSigning string
}

// settings reads them from a command's flags (which include the environment) and, for those not set, from the file.
func (p *program) settings(cmd *cli.Command) (*settings, *file, error) {
	f, err := p.readFile(cmd)
	if err != nil {
		return nil, nil, err
	}
	s := &settings{
		clientID:  choose(cmd, "client-id", cmd.String, f.ClientID),
		scopes:    choose(cmd, "scope", words(cmd), f.Scopes),
		audience:  choose(cmd, "audience", words(cmd), f.Audience),
		resource:  choose(cmd, "resource", words(cmd), f.Resource),
		origins:   choose(cmd, "origin", words(cmd), f.Origins),
		allowHTTP: choose(cmd, "allow-http", words(cmd), f.AllowHTTP),
		caFile:    choose(cmd, "ca-file", cmd.String, f.beside(f.CAFile)),
		timeout:   chooseTime(cmd, "timeout", f.Timeout),
		params:    f.Params.values(),
	}
	var problems problems
	problems.note(p.misspelt(cmd))
	if s.timeout < 0 {
		problems.note(fmt.Errorf("%s is %v: must not be negative; 0 waits for ever", p.source(cmd, "timeout", f, "timeout"), s.timeout))
	}
	if cmd.IsSet("param") {
		s.params, err = parseParams(p.given(cmd, "param"), cmd.StringSlice("param"))
		problems.note(err)
	}
	if cmd.IsSet("token-header") {
		s.tokenHeader, err = parseHeaders(p.given(cmd, "token-header"), cmd.StringSlice("token-header"))
		problems.note(err)
	} else if s.tokenHeader, err = f.TokenHeader.header(); err != nil {
		problems.note(fmt.Errorf("%s: %w", f.at("token_header"), err))
	}
	p.readServer(cmd, f, s, &problems)
	p.readProof(cmd, f, s, &problems)
	if len(problems) > 0 {
		return nil, nil, &failure{exitUsage, errors.Join(problems...)}
	}
	return s, f, nil
}

// problems gathers what is wrong, so that it can be told all at once.
type problems []error

func (p *problems) note(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

// readServer reads who is asked for the token: of issuer and token endpoint, which exclude each other, the one that was
// said with more weight.
func (p *program) readServer(cmd *cli.Command, f *file, s *settings, problems *problems) {
	s.tokenURL = choose(cmd, "token-url", cmd.String, f.TokenURL)
	s.issuer = choose(cmd, "issuer", cmd.String, f.Issuer)
	if s.tokenURL != "" && s.issuer != "" {
		switch url, issuer := p.weight(cmd, "token-url"), p.weight(cmd, "issuer"); {
		case url > issuer:
			s.issuer = ""
		case issuer > url:
			s.tokenURL = ""
		}
	}
	if s.tokenURL == "" && s.issuer == "" {
		problems.note(errors.New(missing("token-url", "token_url") + "; or --issuer, for a server that tells it by itself"))
	}
	if s.clientID == "" {
		problems.note(errors.New(missing("client-id", "client_id")))
	}
}

func missing(flag, key string) string {
	return fmt.Sprintf("--%s is missing: set it, or %s, or %s in a configuration file", flag, variable(flag), key)
}

// words splits values that hold no spaces themselves.
func words(cmd *cli.Command) func(name string) list {
	return func(name string) list { return strings.Fields(strings.Join(cmd.StringSlice(name), " ")) }
}

// parseParams names what they come from and no value: there may be secrets among them.
func parseParams(from string, given []string) (url.Values, error) {
	params := make(url.Values)
	for _, pairs := range given {
		parsed, err := url.ParseQuery(pairs)
		if err != nil || !strings.Contains(pairs, "=") {
			return nil, errors.New(from + ": not of the form KEY=VALUE[&KEY=VALUE], form-encoded: write % as %25, & as %26, + as %2B")
		}
		for key, values := range parsed {
			params[key] = append(params[key], values...)
		}
	}
	return params, nil
}

// parseHeaders reads lines like "Name: value".
func parseHeaders(from string, given []string) (http.Header, error) {
	header := make(http.Header)
	for _, lines := range given {
		for line := range strings.Lines(lines) {
			name, value, ok := strings.Cut(line, ":")
			if name = strings.TrimSpace(name); !ok || name == "" {
				return nil, errors.New(from + ": not of the form 'NAME: VALUE'")
			}
			name = textproto.CanonicalMIMEHeaderKey(name)
			header[name] = append(header[name], strings.TrimSpace(value))
		}
	}
	return header, nil
}
