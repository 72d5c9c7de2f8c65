package program

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// Three processes share a token through all that happens to them (D1, D4, D6, D7), as the exit code says.
func TestDemo_OfThreeProcessesKeepsItsPromises(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time, with real processes")
	}
	t.Parallel()
	r := alfIn(t, invocation{}, "demo", "--processes", "3", "--lifetime", "3s", "--callers", "2")
	require.Equal(t, exit.OK, r.code, r.err+r.out)
	require.NotContains(t, r.out, "BROKEN")
	require.NotContains(t, r.err, "DATA RACE")
	for _, c := range r.out + r.err {
		require.True(t, c == '\n' || !unicode.IsControl(c), "%q", c)
	}
	for _, act := range []string{"cold start", "tokens revoked", "fetch killed", "fetch stopped", "store deleted", "endpoint down"} {
		require.Contains(t, r.err, act+": ")
		row := regexp.MustCompile(`(?m)^` + act + ` +(\S+) +(\S+) `).FindStringSubmatch(r.out)
		require.NotNil(t, row, "%s\n%s", act, r.out)
		if row[1] == "-" {
			require.Contains(t, r.out, act+" was left out: ")
			continue
		}
		shared, err := strconv.Atoi(row[1])
		require.NoError(t, err)
		separate, err := strconv.Atoi(row[2])
		require.NoError(t, err)
		require.NotZero(t, shared, act)
		require.GreaterOrEqual(t, separate, 3, act)
	}
	require.Contains(t, r.err, "with the store: process ")
}

// Flags that processes cannot have are refused with what to do instead.
func TestDemo_OfProcessesRefusesWhatDoesNotGoWithIt(t *testing.T) {
	for args, says := range map[string]string{
		"--processes -1":                               "--processes is -1: must be from 2 to 200",
		"--processes 201":                              "--processes is 201: must be from 2 to 200",
		"--processes two":                              "--processes",
		"--processes 200 --callers 101":                "--callers is 101: with --processes 200, of which each has so many, it must be from 1 to 100",
		"--processes 3 --lifetime 1s":                  "--lifetime is 1s: with --processes it must be whole seconds, from 3s to 1m",
		"--processes 3 --auth-style tls_client_auth":   "--auth-style tls_client_auth does not go with --processes, which share a token",
		"--processes 3 --auth-style client_assertion":  "or use one of [client_secret_basic ",
		"--processes 3 --auth-style client_assertions": `--auth-style: authentication style "client_assertions" does not exist`,
		"--processes 3 --every 0s":                     "--every is 0s: must be from 1ms to 1s",
		"--processes 3 more":                           `unexpected argument "more"`,
	} {
		r := alfIn(t, invocation{}, append([]string{"demo"}, strings.Fields(args)...)...)
		require.Equal(t, exit.Usage, r.code, args)
		require.Contains(t, r.err, says)
	}
	r := alfIn(t, invocation{env: map[string]string{"ALF_DEMO_PROCESSES": "1"}}, "demo")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "--processes is 1")
}

func TestDemo_OfProcessesEndsWhenItIsInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := alfIn(t, invocation{ctx: ctx}, "demo", "--processes", "2")
	require.Contains(t, r.out, "interrupted during: start\n")
}

// The command of a process does what its standard input says, and ends with it. The help does not show it.
func TestDemoProcess_IsForTheDemonstrationAlone(t *testing.T) {
	require.NotContains(t, alfIn(t, invocation{}).out, processCommandName)
	require.Equal(t, exit.Usage, alfIn(t, invocation{}, processCommandName, "more").code)

	i := newIDP(t)
	task, err := json.Marshal(map[string]any{
		"name": "1", "token_url": i.URL, "api": i.URL, "auth_style": "client_secret_basic", "client_id": "me", "secret": theSecret,
		"callers": 1, "every": 1000,
	})
	require.NoError(t, err)
	r := alfIn(t, invocation{stdin: strings.NewReader(string(task) + "\n")}, processCommandName)
	require.Equal(t, exit.OK, r.code, r.err)
	require.Equal(t, 1, strings.Count(r.out, "\n"))
	require.Contains(t, r.out, `{"kind":"ready",`)

	r = alfIn(t, invocation{stdin: strings.NewReader("{}")}, processCommandName)
	require.Equal(t, exit.Broken, r.code)
	require.Contains(t, r.out, `{"kind":"broken",`)
}
