package program

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestEnvironment_AMisspeltVariableIsRefused(t *testing.T) {
	for name, says := range map[string]string{
		"ALF_ORIGINS":      "ALF_ORIGINS is not a setting: did you mean ALF_ORIGIN?",
		"ALF_SCOPES":       "ALF_SCOPES is not a setting: did you mean ALF_SCOPE?",
		"ALF_SECRET_FILE":  "ALF_SECRET_FILE is not a setting: did you mean ALF_CLIENT_SECRET_FILE?",
		"ALF_SECRET":       "ALF_SECRET is not a setting: did you mean ALF_CLIENT_SECRET?",
		"ALF_URL":          "ALF_URL is not a setting: did you mean ALF_TOKEN_URL?",
		"ALF_DEMO_CALLER":  "ALF_DEMO_CALLER is not a setting: did you mean ALF_DEMO_CALLERS?",
		"ALF_origin":       "ALF_origin is not a setting: did you mean ALF_ORIGIN?",
		"ALF_LOG_LEVEL":    "ALF_LOG_LEVEL is not a setting: unset it",
		"ALF_SECRET_STDIN": "ALF_SECRET_STDIN is not a setting: unset it",
		"ALF_":             "ALF_ is not a setting: unset it",
		"ALF_A\x1b[2J":     `"ALF_A\x1b[2J" is not a setting: unset it`,
	} {
		i := newIDP(t)
		env := i.configured(map[string]string{name: theSecret})
		for _, command := range [][]string{{"token"}, {"get", i.URL}, {"curl", i.URL}, {"demo"}, {"sim", "--seed", "1"}} {
			r := alfIn(t, invocation{env: env}, command...)
			require.Equal(t, result{exit.Usage, "", "alf: " + says + "\n"}, r, command)
		}
		r := alfIn(t, invocation{env: env}, "check")
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.out, "✗ settings     1 problem\n")
		require.Contains(t, r.out, says+"\n")
		require.Zero(t, i.issued)
	}
}

func TestEnvironment_EveryProblemAtOnce(t *testing.T) {
	env := map[string]string{"ALF_SCOPES": "a", "ALF_ORIGINS": "b", "ALF_CLIENT_ID": "me"}
	r := alfIn(t, invocation{env: env}, "token")
	require.Equal(t, exit.Usage, r.code)
	require.Regexp(t, `(?s)ALF_ORIGINS is not.*\n.*ALF_SCOPES is not.*\n.*--token-url is missing`, r.err)
}

func TestEnvironment_WhatIsNotMeantForTheCommandIsLeftAlone(t *testing.T) {
	for name, value := range map[string]string{
		"ALF_API": "x", "ALF_OUTPUT": "bare", "ALF_DEMO_CALLERS": "many", "ALF_VERBOSE": "", "ALF_DPOP": "false", // of other commands, or harmless
		"ALF_ORIGINS": "", // empty is unset
		// What Kubernetes sets in every container if there is a service named alf, or alf-idp.
		"ALF_SERVICE_HOST": "10.0.0.1", "ALF_SERVICE_PORT": "80", "ALF_SERVICE_PORT_HTTPS": "443", "ALF_PORT": "tcp://10.0.0.1:80",
		"ALF_PORT_80_TCP": "tcp://10.0.0.1:80", "ALF_PORT_80_TCP_PROTO": "tcp", "ALF_PORT_80_TCP_PORT": "80", "ALF_PORT_80_TCP_ADDR": "10.0.0.1",
		"ALF_IDP_SERVICE_HOST": "10.0.0.1", "ALF_IDP_PORT_53_UDP_ADDR": "10.0.0.1",
		"ALFRED": "x", "alf_origins": "x", "MY_ALF_ORIGINS": "x",
	} {
		i := newIDP(t)
		r := alfIn(t, invocation{env: i.configured(map[string]string{name: value})}, "token")
		require.Equal(t, result{exit.OK, "token-1\n", ""}, r, name)
	}
}

func TestEnvironment_HelpAndCompletionAreGivenWhateverItHolds(t *testing.T) {
	env := map[string]string{"ALF_ORIGINS": "x"}
	for _, args := range [][]string{{}, {"--help"}, {"help", "token"}, {"token", "--help"}, {"--version"}, {"completion", "bash"}, {"token", "--o", "--generate-shell-completion"}} {
		r := alfIn(t, invocation{env: env}, args...)
		require.Equal(t, exit.OK, r.code, r.err)
		require.NotEmpty(t, r.out)
	}
}
