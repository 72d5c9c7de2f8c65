package program

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// A user who has to correct a value learns where it stands.
func TestExit2_SaysWhereAValueComesFrom(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	config := func(content string) string { return write(t, "c2.json", content) }
	style := config(`{"auth_style": "basic"}`)
	secret := config(fmt.Sprintf(`{"client_secret_file": %q}`, none))
	const basic = `: authentication style "basic" does not exist: use one of client_secret_basic, `
	for _, c := range []struct {
		variable, value string
		args            []string
		says            string
	}{
		{"", "", []string{"token", "--auth-style", "basic"}, "alf: --auth-style" + basic},
		{"ALF_AUTH_STYLE", "basic", []string{"token"}, "alf: ALF_AUTH_STYLE" + basic},
		{"ALF_AUTH_STYLE", "post", []string{"token", "--auth-style", "basic"}, "alf: --auth-style" + basic},
		{"ALF_CONFIG", style, []string{"token"}, "alf: " + style + ": auth_style" + basic},
		{"ALF_DEMO_AUTH_STYLE", "basic", []string{"demo"}, "alf: ALF_DEMO_AUTH_STYLE" + basic},
		{"", "", []string{"token", "--client-secret-file", none}, "alf: --client-secret-file: open " + none + ": no such file"},
		{"ALF_CLIENT_SECRET_FILE", none, []string{"token"}, "alf: ALF_CLIENT_SECRET_FILE: open " + none + ": no such file"},
		{"ALF_CONFIG", secret, []string{"token"}, "alf: " + secret + ": client_secret_file: open " + none + ": no such file"},
		{"ALF_TIMEOUT", "-1s", []string{"token"}, "alf: ALF_TIMEOUT is -1s: must not be negative"},
		{"ALF_CONFIG", config(`{"timeout": "-1s"}`), []string{"token"}, "c2.json: timeout is -1s: must not be negative"},
		{"ALF_OUTPUT", "xml", []string{"token"}, `alf: ALF_OUTPUT is "xml": use bare, header, json`},
		{"ALF_PARAM", theSecret, []string{"token"}, "alf: ALF_PARAM: not of the form KEY=VALUE"},
		{"ALF_TOKEN_HEADER", theSecret, []string{"token"}, "alf: ALF_TOKEN_HEADER: not of the form 'NAME: VALUE'"},
	} {
		i := newIDP(t)
		env := map[string]string{"ALF_TOKEN_URL": i.URL, "ALF_CLIENT_ID": "me", c.variable: c.value}
		r := alfIn(t, invocation{env: env}, c.args...)
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.err, c.says)
		require.Zero(t, i.issued)
	}
}
