package program

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/discovery"
	"github.com/alf-go/alf/internal/program/discover"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
	"github.com/alf-go/alf/internal/published"
)

// allForms prints every form, below what was found.
const allForms = "all"

func (p *program) discoverCommand() *cli.Command {
	output := allForms
	own := settings.Table{{
		Name: "output", Prefix: "discover_", Short: "o", Into: &output, From: settings.Flag | settings.Variable,
		Help: "`FORM` of the configuration on standard output: " + strings.Join(outputForms(), ", "),
	}}
	return &cli.Command{
		Name:      "discover",
		Usage:     "read what an API publishes about itself, and print the configuration that follows",
		ArgsUsage: "URL",
		Description: "Asks the API for its challenge, for its protected resource metadata (RFC 9728), and the authorization\n" +
			"servers that these name for their metadata (RFC 8414, OpenID Connect). Prints what it found, what is\n" +
			"inconsistent, and the configuration that follows: as flags, as a configuration file and as Go. With\n" +
			"--output flags, file or go, that form alone goes to standard output and everything else to standard\n" +
			"error.\n\n" +
			"No secret and no token is sent anywhere. An authorization server that is not configured already, by\n" +
			"--issuer or --token-url, is printed as UNTRUSTED and commented out: an API must not decide where a\n" +
			"secret is sent. Redirects are followed within an origin only, documents are read up to 1 MiB, and\n" +
			"private, link-local and loopback addresses are asked only if the URL has one of that kind itself." + p.about(),
		Flags: p.flags(own.Flags(p.env, true)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := argumentsAre(cmd, "URL"); err != nil {
				return err
			}
			if err := own.Take(cmd, p.env); err != nil {
				return err
			}
			if !slices.Contains(outputForms(), output) {
				return exit.Usagef("%s is %q: use %s", settings.Given(cmd, p.env, "output").Text, output, strings.Join(outputForms(), ", "))
			}
			return p.discover(ctx, cmd, output)
		},
	}
}

func outputForms() []string { return append([]string{allForms}, discover.Forms...) }

// discover looks and prints.
func (p *program) discover(ctx context.Context, cmd *cli.Command, output string) error {
	req, err := newRequest("URL", "GET", cmd.Args().First(), nil)
	if err != nil {
		return err
	}
	v, err := settings.ReadSome(cmd, p.table, p.env)
	if err != nil {
		return err
	}
	transport, err := v.Transport()
	if err != nil {
		return err
	}
	configured := v.Configured()
	found, err := published.Look(ctx, published.Options{
		API: req.URL, Transport: transport, AllowHTTP: v.Config.AllowHTTP, Timeout: v.Timeout, TimeoutError: exit.TimedOut(v.Timeout),
		UserAgent: "alf/" + version(), Issuer: configured.Issuer,
	})
	if err != nil {
		return p.undiscovered(req.URL, err)
	}
	about := p.stdout
	if output != allForms {
		about = p.stderr
	}
	err = discover.Found{Found: found}.Print(about, configured, p.names.Of)
	if err == nil {
		err = p.writeForms(found.Configuration(configured), output)
	}
	switch {
	case err != nil:
		return exit.Failf(exit.Broken, "writing what was found: %w", err)
	case found.Empty():
		return exit.Failf(exit.API, "the API publishes nothing about itself: see what its documentation says")
	}
	return nil
}

// undiscovered is about an API that does not respond.
func (p *program) undiscovered(api *url.URL, err error) error {
	code, text, ok := exit.Explain(err, p.names)
	if !ok {
		code, text = exit.Unreachable, err.Error()
		if hint := exit.NetworkHint(err); hint != "" {
			text += ": " + hint
		}
	}
	return exit.Failf(code, "%s://%s cannot be reached: %s", api.Scheme, api.Host, text)
}

// writeForms writes the configuration in every form, each under a heading, or in one.
func (p *program) writeForms(c discovery.Configuration, output string) error {
	for _, form := range discover.Forms {
		written := discover.Write(form, c, p.table.Key)
		comments := p.stdout
		switch output {
		case allForms:
			if _, err := fmt.Fprintf(p.stdout, "\n%s:\n\n", map[string]string{
				"flags": "As flags", "file": "As a configuration file", "go": "As Go",
			}[form]); err != nil {
				return err
			}
		case form:
			comments = p.stderr
		default:
			continue
		}
		for _, line := range written.Comments {
			if _, err := io.WriteString(comments, strings.TrimRight("# "+line, " ")+"\n"); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(p.stdout, written.Text); err != nil {
			return err
		}
	}
	return nil
}
