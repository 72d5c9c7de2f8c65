package program

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// The help of a command has its own flags first, then the common settings, and the rest on demand.
func TestHelp_CommonFlagsFirstAndTheRestOnDemand(t *testing.T) {
	for _, command := range []string{"token", "get", "curl", "check"} {
		short := alfIn(t, invocation{}, command, "--help")
		long := alfIn(t, invocation{}, command, "--help-all")
		require.Equal(t, exit.OK, short.code)
		require.Equal(t, exit.OK, long.code)
		for _, s := range settings.All() {
			if s.From&settings.Flag == 0 && s.From != 0 {
				require.Contains(t, short.out, s.VariableName())
				continue
			}
			flag := "   " + s.Label() + " "
			require.Contains(t, long.out, flag)
			require.Equal(t, s.Group == settings.Common, strings.Contains(short.out, flag), flag)
		}
		require.Contains(t, short.out, "--help-all")
		require.Less(t, strings.Index(short.out, "--help, -h"), strings.Index(short.out, "Common settings"))
		require.Less(t, strings.Count(short.out, "\n"), 60)
	}
	// In whichever place of the line, as --help.
	require.Equal(t, alfIn(t, invocation{}, "get", "--help-all"), alfIn(t, invocation{}, "get", "https://api.example.com", "--help-all"))
}

func TestHelp_OnSettings(t *testing.T) {
	r := alfIn(t, invocation{}, "help", "settings")
	require.Equal(t, exit.OK, r.code)
	require.Empty(t, r.err)
	for _, s := range settings.All() {
		if s.From == 0 {
			require.Contains(t, r.out, s.Label()+" ")
			require.Contains(t, r.out, s.VariableName())
			require.Regexp(t, `[ \n]`+s.Name+`[,.\n]`, r.out)
		}
	}
}

// What the help does not show is completed all the same.
func TestCompletion_HasEverySetting(t *testing.T) {
	for _, flag := range []string{"--dpop", "--origin", "--assertion-audience"} {
		r := alfIn(t, invocation{}, "token", flag[:5], "--generate-shell-completion")
		require.Equal(t, exit.OK, r.code)
		require.Contains(t, r.out, flag)
	}
}

// Names that were two are one, and the other is no longer there.
func TestSettings_FormerNamesGetASuggestion(t *testing.T) {
	for args, says := range map[string]string{
		"token --secret-file x":  "there is no flag --secret-file: did you mean --client-secret-file?",
		"token --secret-stdin":   "there is no flag --secret-stdin: did you mean --client-secret-stdin?",
		"token --scopes x":       "there is no flag --scopes: did you mean --scope?",
		"token --origins x":      "there is no flag --origins: did you mean --origin?",
		"token --client-secrets": "did you mean --client-secret-",
	} {
		r := newIDP(t).alf(t, strings.Split(args, " ")...)
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.err, says)
	}
	for key, says := range map[string]string{
		"scopes": `did you mean "scope"?`, "origins": `did you mean "origin"?`, "params": `did you mean "param"?`, "secret_file": `did you mean "client_secret_file"?`,
		"client-id": `did you mean "client_id"?`, "clientId": `did you mean "client_id"?`,
	} {
		r := newIDP(t).alf(t, "token", "--config", write(t, "config.json", `{"`+key+`": "x"}`))
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.err, says)
	}
}
