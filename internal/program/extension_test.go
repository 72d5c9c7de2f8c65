package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// A second program: alf with a store built in.
func withStore() Extension {
	var store string
	return Extension{
		Settings: settings.Table{{Name: "shared_url", Into: &store, Group: settings.Connection, Help: "share tokens through the store at `URL`"}},
		Configure: func(_ context.Context, c *alf.Config) error {
			switch store {
			case "":
				return nil
			case "broken":
				return &alf.FieldError{Field: "TokenURL", Problem: "the store does not know it", Remedy: "set Issuer"}
			case "down":
				return errors.New("the store is down")
			}
			*c = alf.Config{Fetcher: alf.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
				return &oauth2.Token{AccessToken: "token-of-" + store}, nil
			})}
			return nil
		},
		Commands: func(connect Connect) []*cli.Command {
			return []*cli.Command{{Name: "type", Usage: "print the token's type", Action: func(ctx context.Context, cmd *cli.Command) error {
				client, done, err := connect(ctx, cmd)
				if err != nil {
					return err
				}
				defer done()
				token, err := client.Token(ctx)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.Root().Writer, token.OAuth2().Type())
				return err
			}}}
		},
	}
}

func TestExtension_HasSettingsAndCommandsOfItsOwn(t *testing.T) {
	i := newIDP(t)
	alf := func(env map[string]string, args ...string) result {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"alf"}, args...), strings.NewReader(""), &stdout, &stderr, environmentOf(i.configured(env)), withStore())
		return result{code, stdout.String(), stderr.String()}
	}
	require.Equal(t, result{exit.OK, "token-1\n", ""}, alf(nil, "token"))
	require.Equal(t, result{exit.OK, "token-of-x\n", ""}, alf(nil, "token", "--shared-url", "x"))
	require.Equal(t, result{exit.OK, "token-of-y\n", ""}, alf(map[string]string{"ALF_SHARED_URL": "y"}, "token"))
	config := write(t, "config.json", `{"shared_url": "z"}`)
	require.Equal(t, result{exit.OK, "token-of-z\n", ""}, alf(nil, "token", "--config", config))
	require.Equal(t, result{exit.OK, "Bearer\n", ""}, alf(nil, "type"))
	require.Equal(t, result{exit.Usage, "", "alf: --token-url: the store does not know it: set --issuer\n"}, alf(nil, "token", "--shared-url", "broken"))
	require.Equal(t, result{exit.Usage, "", "alf: the store is down\n"}, alf(nil, "token", "--shared-url", "down"))
	require.Contains(t, alf(map[string]string{"ALF_SHARED": "x"}, "token").err, "did you mean ALF_SHARED_URL?")
	require.Contains(t, alf(nil, "help", "settings").out, "--shared-url URL")
	require.Contains(t, alf(nil, "--help").out, "print the token's type")
	require.Contains(t, alf(nil, "check", "--shared-url", "down").out, "the store is down")
}
