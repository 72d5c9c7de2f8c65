package settings

import (
	"context"
	"fmt"
	"io"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/files"
)

// maxSecret bounds what is read from standard input.
const maxSecret = 64 << 10

// TakesSecret reports whether a style needs the client secret.
func TakesSecret(style alf.AuthStyle) bool {
	switch style {
	case alf.AuthBasic, alf.AuthBasicRaw, alf.AuthPost, alf.AuthSecretJWT:
		return true
	}
	return false
}

// secretSource is where the client secret comes from.
type secretSource struct {
	setting string // that says so
	where   string // in words
	read    alf.SecretFunc
}

// configureSecret sets the client secret and reads it once, so that a missing one is an error of the configuration and
// not of the token request. Where the style does not use a secret there is none, though one may be left in the
// environment.
func (v *Values) configureSecret(ctx context.Context) error {
	if style := v.Config.AuthStyle; !TakesSecret(style) {
		for _, name := range []string{"client_secret_file", "client_secret_stdin"} {
			if v.where[name].Place == Flag {
				return fmt.Errorf("%s: not used by --auth-style %s: remove it, or choose the style that is meant", v.where[name].Text, style)
			}
		}
		return nil
	}
	source, err := v.secretSource()
	if err != nil {
		return err
	}
	v.Config.ClientSecret, v.From.Secret = source.read, source.where
	v.secretFrom = source.setting
	_, err = source.read(ctx)
	return v.about(source.setting, source.where, err)
}

// hasSecret reports whether one was given, in any way.
func (v *Values) hasSecret() bool {
	return v.given("client_secret") || v.ClientSecretFile != "" || v.ClientSecretStdin
}

// secretSource picks the place of highest rank: a flag, else a variable, else the configuration file.
func (v *Values) secretSource() (*secretSource, error) {
	value, file, stdin := v.where["client_secret"], v.where["client_secret_file"], v.where["client_secret_stdin"]
	fileRank := v.rank("client_secret_file")
	if v.ClientSecretFile == "" {
		fileRank = 0
	}
	switch {
	case v.ClientSecretStdin && fileRank == rankOf(Flag):
		return nil, fmt.Errorf("%s and %s exclude each other: remove one", stdin.Text, file.Text)
	case v.ClientSecretStdin:
		return v.secretFromStdin()
	case v.given("client_secret") && fileRank == rankOf(Variable):
		return nil, fmt.Errorf("%s and %s are both set: unset one", value.Text, file.Text)
	case v.given("client_secret") && fileRank < rankOf(Flag):
		// White space around it is never part of a secret; here documents and some tools add a line end.
		secret := files.Text([]byte(v.env.Get(value.Text)))
		return &secretSource{value.Text, value.Text, alf.Secret(secret)}, nil
	case fileRank > 0:
		path := string(v.ClientSecretFile)
		return &secretSource{file.Text, path, alf.SecretFile(path)}, nil
	}
	if v.object != "" {
		return nil, fmt.Errorf("%s: the client secret is missing: set client_secret_file; or authenticate by key_file, assertion_file or cert_file", v.object)
	}
	return nil, fmt.Errorf("the client secret is missing: set ALF_CLIENT_SECRET or ALF_CLIENT_SECRET_FILE, or use --client-secret-file or " +
		"--client-secret-stdin, or client_secret_file in a configuration file; or authenticate by --key-file, --assertion-file or --cert-file")
}

// secretFromStdin reads it once: there is nothing to read again.
func (v *Values) secretFromStdin() (*secretSource, error) {
	const flag = "--client-secret-stdin"
	content, err := io.ReadAll(io.LimitReader(v.stdin, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	value := files.Text(content)
	switch {
	case len(content) > maxSecret:
		return nil, fmt.Errorf("%s: more than 64 KiB came: is it the right input?", flag)
	case value == "":
		return nil, fmt.Errorf("%s: nothing came: write the client secret to standard input", flag)
	}
	return &secretSource{flag, "standard input", alf.Secret(value)}, nil
}
