package program

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

func (p *program) tokenCommand() *cli.Command {
	output := "bare"
	own := settings.Table{{
		Name: "output", Short: "o", Into: &output, From: settings.Flag | settings.Variable,
		Help: "`FORM` is " + strings.Join(outputs, ", "),
	}}
	return &cli.Command{
		Name:  "token",
		Usage: "print a token",
		Description: "Prints an access token to standard output:\n" +
			"   bare    the token alone\n" +
			"   header  as the header of a request, Authorization: Bearer ...\n" +
			"   json    with its type, its lifetime in seconds, its expiry and, if the server returns it, its scope\n\n" +
			"With --dpop it is Authorization: DPoP ..., which is of use only together with the key of\n" +
			"--dpop-key-file, of which each request needs a proof, as alf get and alf curl send them." + p.about(),
		Flags: p.flags(own.Flags(p.env, true)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := argumentsAre(cmd); err != nil {
				return err
			}
			if err := own.Take(cmd, p.env); err != nil {
				return err
			}
			return p.token(ctx, cmd, output)
		},
	}
}

// outputs are the forms a token is printed in.
var outputs = []string{"bare", "header", "json"}

func (p *program) token(ctx context.Context, cmd *cli.Command, output string) error {
	write := writerFor(output)
	if write == nil {
		return exit.Usagef("%s is %q: use %s", settings.Given(cmd, p.env, "output").Text, output, strings.Join(outputs, ", "))
	}
	session, err := p.connect(ctx, cmd)
	if err != nil {
		return err
	}
	defer session.close()
	limited, _, cancel := session.awaiting(ctx)
	defer cancel()
	token, err := session.Token(limited)
	if err != nil {
		return err
	}
	if s := session.settings; s.DPoP && s.DPoPKeyFile == "" {
		fmt.Fprintln(p.stderr, "alf: the key that this token is bound to ends with this program: name one by --dpop-key-file to use the token elsewhere")
	}
	if err := write(p.stdout, token); err != nil {
		return exit.Failf(exit.Broken, "writing the token: %w", err)
	}
	return nil
}

// writerFor is nil for a form that does not exist.
func writerFor(output string) func(io.Writer, *alf.Token) error {
	switch output {
	case "bare":
		return writeBare
	case "header":
		return writeHeader
	case "json":
		return writeJSON
	}
	return nil
}

func writeBare(w io.Writer, t *alf.Token) error {
	_, err := fmt.Fprintln(w, t.Value())
	return err
}

func writeHeader(w io.Writer, t *alf.Token) error {
	_, err := fmt.Fprintln(w, "Authorization: "+t.Authorization())
	return err
}

// writeJSON uses the names of RFC 6749 section 5.1 where it has them.
func writeJSON(w io.Writer, t *alf.Token) error {
	known := t.OAuth2()
	scope, _ := known.Extra("scope").(string)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		AccessToken string    `json:"access_token"`
		TokenType   string    `json:"token_type"`
		ExpiresIn   int64     `json:"expires_in"`
		Expiry      time.Time `json:"expiry"`
		Scope       string    `json:"scope,omitempty"`
	}{
		t.Value(), known.Type(), max(int64(time.Until(t.Expiry()).Seconds()), 0), t.Expiry().UTC().Truncate(time.Second), scope,
	})
}
