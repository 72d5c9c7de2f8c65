package program

import (
	"context"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
)

const (
	secretVariable     = "ALF_CLIENT_SECRET"
	secretFileVariable = "ALF_CLIENT_SECRET_FILE"
	maxSecret          = 64 << 10
)

// takesSecret reports whether a style needs the client secret.
func takesSecret(style alf.AuthStyle) bool {
	switch style {
	case alf.AuthBasic, alf.AuthBasicRaw, alf.AuthPost, alf.AuthSecretJWT:
		return true
	}
	return false
}

// secret finds out where the client secret comes from: a flag that says so, else the environment, else the file. It asks
// for it once, so that a missing one is an error of the configuration and not of the token request. Where the style has no
// use for a secret there is none, though one may be left in the environment.
func (p *program) secret(ctx context.Context, cmd *cli.Command, f *file, s *settings) (alf.SecretFunc, error) {
	if style := s.authStyle; !takesSecret(style) {
		for _, flag := range []string{"secret-file", "secret-stdin"} {
			if cmd.IsSet(flag) {
				return nil, usagef("--%s: not used by --auth-style %s: remove it, or choose the style that is meant", flag, style)
			}
		}
		return nil, nil
	}
	source, err := p.secretSource(cmd, f)
	if err != nil {
		return nil, err
	}
	s.secretFrom = source.where
	if _, err := source.read(ctx); err != nil {
		return nil, &failure{exitUsage, about(source.setting, source.where, err)}
	}
	return source.read, nil
}

// hasSecret reports whether one was given, by whatever way.
func (p *program) hasSecret(cmd *cli.Command, f *file) bool {
	value, _ := p.env.lookup(secretVariable)
	named, _ := p.env.lookup(secretFileVariable)
	return cmd.String("secret-file") != "" || cmd.Bool("secret-stdin") || value != "" || named != "" || f.ClientSecretFile != ""
}

// secretSource is where the secret comes from.
type secretSource struct {
	setting string // that says so
	where   string // in words
	read    alf.SecretFunc
}

func secretFile(setting, path string) *secretSource {
	return &secretSource{setting, path, alf.SecretFile(path)}
}

func (p *program) secretSource(cmd *cli.Command, f *file) (*secretSource, error) {
	path, fromStdin := cmd.String("secret-file"), cmd.Bool("secret-stdin")
	value, _ := p.env.lookup(secretVariable)
	named, _ := p.env.lookup(secretFileVariable)
	switch {
	case fromStdin && path != "":
		return nil, usagef("--secret-stdin and --secret-file exclude each other: remove one")
	case fromStdin:
		return p.secretFromStdin()
	case path != "":
		return secretFile("--secret-file", path), nil
	case value != "" && named != "":
		return nil, usagef("%s and %s are both set: unset one", secretVariable, secretFileVariable)
	case value != "":
		return &secretSource{secretVariable, secretVariable, alf.Secret(value)}, nil
	case named != "":
		return secretFile(secretFileVariable, named), nil
	case f.ClientSecretFile != "":
		return secretFile(f.at("client_secret_file"), f.beside(f.ClientSecretFile)), nil
	}
	return nil, usagef("the client secret is missing: set %s or %s, or use --secret-file or --secret-stdin, or client_secret_file in a configuration file; "+
		"or prove the client by --key-file, --assertion-file or --cert-file",
		secretVariable, secretFileVariable)
}

// secretFromStdin reads it once: there is nothing to read again.
func (p *program) secretFromStdin() (*secretSource, error) {
	content, err := io.ReadAll(io.LimitReader(p.stdin, maxSecret+1))
	if err != nil {
		return nil, usagef("--secret-stdin: %w", err)
	}
	value := strings.TrimRight(string(content), "\r\n")
	switch {
	case len(content) > maxSecret:
		return nil, usagef("--secret-stdin: more than 64 KiB came: is it the right input?")
	case value == "":
		return nil, usagef("--secret-stdin: nothing came: write the client secret to standard input")
	}
	return &secretSource{"--secret-stdin", "standard input", alf.Secret(value)}, nil
}
