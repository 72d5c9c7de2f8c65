package program

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/exit"
)

func TestDemo_KeepsItsPromisesAndPrintsNoControlCharacters(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time")
	}
	t.Parallel()
	r := alfIn(t, invocation{}, "demo", "--callers", "20", "--every", "10ms", "--lifetime", "1s")
	require.Equal(t, exit.OK, r.code, r.out+r.err)
	for _, section := range []string{"REQUESTS", "TIME", "TOKEN REQUESTS", "kept"} {
		require.Contains(t, r.out, section)
	}
	require.NotContains(t, r.out, "BROKEN")
	for _, act := range []string{"cold start", "token revoked", "short outage", "slow endpoint", "long outage", "recovered"} {
		require.Contains(t, r.err, act+": ")
	}
	for _, c := range r.out + r.err {
		require.True(t, c == '\n' || !unicode.IsControl(c), "%q", c)
	}
}

func TestDemo_SaysHowTheClientAuthenticates(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time")
	}
	t.Parallel()
	env := map[string]string{"ALF_DEMO_AUTH_STYLE": "self_signed_tls_client_auth", "ALF_DEMO_DISCOVER": "true"}
	r := alfIn(t, invocation{env: env}, "demo", "--auth-style", "private_key_jwt", "--dpop",
		"--callers", "5", "--every", "20ms", "--lifetime", "1s")
	require.Equal(t, exit.OK, r.code, r.out+r.err)
	require.True(t, strings.HasPrefix(r.err, "  0.0 s  client: authenticates by private_key_jwt\n"), r.err)
	require.Contains(t, r.out, "the client authenticates by private_key_jwt\n")
	for _, part := range []string{"PROOFS", "repeated with the nonce", "every request showed what its token is bound to", "issuer's metadata"} {
		require.Contains(t, r.out, part)
	}
}

func TestDemo_KnowsEveryAuthStyleAndNoOther(t *testing.T) {
	help := alfIn(t, invocation{}, "demo", "--help").out
	for _, style := range fetcher.AuthStyles() {
		require.Contains(t, help, style.String())
	}
	r := alfIn(t, invocation{}, "demo", "--auth-style", "none")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, `--auth-style: authentication style "none" does not exist: use one of client_secret_basic, `)
}

func TestTerminal_FilesPipesAndTheNullDeviceAreNone(t *testing.T) {
	p := &program{env: environmentOf(map[string]string{"TERM": "xterm"})}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	reader, pipe, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	defer pipe.Close()
	for _, f := range []*os.File{null, file, pipe} {
		require.False(t, p.isTerminal(f))
	}
	require.False(t, p.isTerminal(new(strings.Builder)))
}
