package program

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// A comma is a legal character of a scope, so a,b is one; seldom is that meant.
func TestScope_AHintOnCommas(t *testing.T) {
	api := serve(t, echo)
	hint := func(from string) string {
		return "alf: " + from + `: "a,b" is requested as one scope, because a comma may be part of one: separate scopes by spaces` + "\n"
	}
	config := write(t, "config.json", `{"scope": "a,b"}`)
	for _, c := range []struct {
		env  map[string]string
		args []string
		says string
	}{
		{nil, []string{"token", "--scope", "a,b"}, hint("--scope")},
		{nil, []string{"get", "--scope", "a,b c", api}, hint("--scope")},
		{nil, []string{"curl", "--scope=a,b", api}, hint("--scope")},
		{map[string]string{"ALF_SCOPE": "a,b"}, []string{"token"}, hint("ALF_SCOPE")},
		{nil, []string{"token", "--config", config}, hint(config + ": scope")},
		{nil, []string{"token", "--scope", "a b"}, ""},
	} {
		i := newIDP(t)
		r := alfIn(t, invocation{env: i.configured(c.env)}, c.args...)
		require.Equal(t, exit.OK, r.code, r.err)
		require.Equal(t, c.says, r.err)
		require.Len(t, i.form(t)["scope"], 1)
	}
	i := newIDP(t)
	i.refuse(400, `{"error":"invalid_scope"}`)
	require.Contains(t, i.alf(t, "token", "--scope", "a,b").err, hint("--scope"))
	diagnosed{args: []string{"--scope", "a,b"}, code: exit.OK, says: []string{"! settings", "separate scopes by spaces"}}.test(t)
	diagnosed{
		place: place{token: deny(400, "invalid_scope", "")}, args: []string{"--scope", "a,b"},
		code: exit.Denied, step: "authenticate", says: []string{"separate scopes by spaces, not commas: a,b is requested as one scope"},
	}.test(t)
}
