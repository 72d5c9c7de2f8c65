package program

import (
	"io"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/internal/program/exit"
)

// The demonstration starts the program again as its processes, and that is the test binary here.
// asProgram is the variable that makes the program of these tests alf itself.
const asProgram = "PROGRAM_TEST_PROCESS"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == processCommandName || os.Getenv(asProgram) != "" {
		Main()
	}
	goleak.VerifyTestMain(m)
}

// quiet is for servers whose clients hang up on them.
var quiet = log.New(io.Discard, "", 0)

func TestHelp_IsForEveryCommand(t *testing.T) {
	root := alfIn(t, invocation{})
	require.Equal(t, exit.OK, root.code)
	require.Empty(t, root.err)
	require.Equal(t, root, alfIn(t, invocation{}, "--help"))
	for _, command := range []string{"token", "get", "curl", "check", "demo", "completion"} {
		require.Contains(t, root.out, "   "+command)
		r := alfIn(t, invocation{}, command, "--help")
		require.Equal(t, exit.OK, r.code)
		require.Contains(t, r.out, "alf "+command)
		require.Equal(t, r, alfIn(t, invocation{}, "help", command))
	}
}

// A user who is lost in the middle of a command line asks at its end.
func TestHelp_IsGivenWhateverElseIsThere(t *testing.T) {
	want := alfIn(t, invocation{}, "get", "--help")
	require.Equal(t, want, alfIn(t, invocation{}, "get", "https://api.example.com", "--help"))
	require.Equal(t, want, alfIn(t, invocation{}, "get", "-h", "https://api.example.com"))
}

func TestHelp_NamesTheVariables(t *testing.T) {
	r := alfIn(t, invocation{env: map[string]string{"ALF_CLIENT_SECRET": theSecret}}, "curl", "--help-all")
	for _, name := range []string{
		"ALF_CONFIG", "ALF_TOKEN_URL", "ALF_CLIENT_ID", "ALF_CLIENT_SECRET", "ALF_CLIENT_SECRET_FILE", "ALF_SCOPE", "ALF_AUDIENCE",
		"ALF_ISSUER", "ALF_RESOURCE", "ALF_KEY_FILE", "ALF_KEY_ID", "ALF_ASSERTION_FILE", "ALF_ASSERTION_AUDIENCE",
		"ALF_ASSERTION_ALGORITHM", "ALF_ASSERTION_TYP", "ALF_ASSERTION_LIFETIME", "ALF_ASSERTION_FORMAT", "ALF_CERT_FILE",
		"ALF_CERT_KEY_FILE", "ALF_DPOP", "ALF_DPOP_KEY_FILE", "ALF_DPOP_ALGORITHM", "ALF_PARAM", "ALF_TOKEN_HEADER", "ALF_AUTH_STYLE", "ALF_ORIGIN", "ALF_ALLOW_HTTP", "ALF_CA_FILE", "ALF_TIMEOUT", "ALF_VERBOSE",
	} {
		require.Contains(t, r.out, name)
	}
	require.Contains(t, r.out, "read the client secret from PATH [$ALF_CLIENT_SECRET_FILE]\n")
}

func TestHelp_TheSecretIsNoFlag(t *testing.T) {
	for _, flag := range []string{"--client-secret", "--secret"} {
		r := newIDP(t).alf(t, "token", flag, "x")
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.err, "there is no flag "+flag)
	}
}

func TestCompletion_IsGenerated(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "pwsh"} {
		r := alfIn(t, invocation{}, "completion", shell)
		require.Equal(t, exit.OK, r.code)
		require.Contains(t, r.out, "completion")
	}
	r := alfIn(t, invocation{}, "token", "--out", "--generate-shell-completion")
	require.Equal(t, exit.OK, r.code)
	require.Contains(t, r.out, "--output")
}

func TestVersion(t *testing.T) {
	r := alfIn(t, invocation{}, "--version")
	require.Equal(t, exit.OK, r.code)
	require.True(t, strings.HasPrefix(r.out, "alf version "))
}
