package program

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestSecret_FromWhereItIs(t *testing.T) {
	at := func(secret string) string { return write(t, "secret", secret+"\n") }
	config := write(t, "config.json", `{"client_secret_file": "`+at("in-config")+`"}`)
	for name, c := range map[string]struct {
		env   map[string]string
		stdin string
		args  []string
		want  string
	}{
		"environment":               {map[string]string{"ALF_CLIENT_SECRET": "in-env"}, "", nil, "in-env"},
		"file of environment":       {map[string]string{"ALF_CLIENT_SECRET_FILE": at("in-env-file")}, "", nil, "in-env-file"},
		"file of configuration":     {nil, "", nil, "in-config"},
		"file of flag":              {nil, "", []string{"--client-secret-file", at("in-file")}, "in-file"},
		"standard input":            {nil, "in-stdin\r\n", []string{"--client-secret-stdin"}, "in-stdin"},
		"flag over environment":     {map[string]string{"ALF_CLIENT_SECRET": "in-env"}, "", []string{"--client-secret-file", at("in-file")}, "in-file"},
		"flag over file of env":     {map[string]string{"ALF_CLIENT_SECRET_FILE": at("in-env-file")}, "", []string{"--client-secret-file", at("in-file")}, "in-file"},
		"stdin over environment":    {map[string]string{"ALF_CLIENT_SECRET": "in-env"}, "in-stdin", []string{"--client-secret-stdin"}, "in-stdin"},
		"empty variable is no name": {map[string]string{"ALF_CLIENT_SECRET": ""}, "", nil, "in-config"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIDP(t)
			env := map[string]string{"ALF_TOKEN_URL": i.URL, "ALF_CLIENT_ID": "me", "ALF_CONFIG": config}
			for key, value := range c.env {
				env[key] = value
			}
			r := alfIn(t, invocation{env: env, stdin: strings.NewReader(c.stdin)}, append([]string{"token"}, c.args...)...)
			require.Equal(t, exit.OK, r.code, r.err)
			require.Equal(t, []string{"me:" + c.want}, i.auths)
		})
	}
}

func TestSecret_AMissingOneIsWrongConfiguration(t *testing.T) {
	i := newIDP(t)
	none := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]struct {
		env   map[string]string
		stdin string
		args  []string
		says  string
	}{
		"none":             {nil, "", nil, "the client secret is missing: set ALF_CLIENT_SECRET or ALF_CLIENT_SECRET_FILE, or use --client-secret-file or --client-secret-stdin"},
		"no file":          {nil, "", []string{"--client-secret-file", none}, none},
		"empty file":       {nil, "", []string{"--client-secret-file", write(t, "empty", "\n")}, "is empty"},
		"nothing on stdin": {nil, "\n", []string{"--client-secret-stdin"}, "--client-secret-stdin: nothing came"},
		"much on stdin":    {nil, strings.Repeat("x", 64<<10+1), []string{"--client-secret-stdin"}, "more than 64 KiB"},
		"two flags":        {nil, "", []string{"--client-secret-stdin", "--client-secret-file", none}, "exclude each other"},
		"two variables":    {map[string]string{"ALF_CLIENT_SECRET": "x", "ALF_CLIENT_SECRET_FILE": "y"}, "", nil, "are both set: unset one"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"ALF_TOKEN_URL": i.URL, "ALF_CLIENT_ID": "me"}
			for key, value := range c.env {
				env[key] = value
			}
			r := alfIn(t, invocation{env: env, stdin: strings.NewReader(c.stdin)}, append([]string{"token"}, c.args...)...)
			require.Equal(t, exit.Usage, r.code)
			require.Contains(t, r.err, c.says)
		})
	}
	require.Zero(t, i.issued)
}

func TestSecret_IsNotInTheLog(t *testing.T) {
	i := newIDP(t)
	r := i.alf(t, "token", "--verbose")
	require.Equal(t, exit.OK, r.code)
	require.Equal(t, "token-1\n", r.out)
	require.Contains(t, r.err, "fetch ended")
	require.NotContains(t, r.err, "token-1")
	require.Contains(t, i.alf(t, "-v", "token").err, "fetch ended", "before the command, too")
	require.Contains(t, i.alf(t, "get", "-v", serve(t, echo)+"?q=1").err, "status=200")
}
