package alfmcp_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/sim"
)

// The agent of examples/agent, as a process: a revocation between two calls is not noticed, a tool that does not exist
// is an error of its line.
func TestMCP_TheAgentOfTheExample(t *testing.T) {
	agent := filepath.Join(t.TempDir(), "agent")
	out, err := exec.Command("go", "build", "-o", agent, "./examples/agent").CombinedOutput()
	require.NoError(t, err, string(out))
	source, err := os.ReadFile("examples/agent/main.go")
	require.NoError(t, err)
	require.LessOrEqual(t, strings.Count(string(source), "\n"), 60)

	l := newLab(t, options{loopback: true, sim: sim.Options{ClientID: "agent", ClientSecret: "of-the-agent"}})
	require.NoError(t, l.auth.Start())
	l.document.AuthorizationServers = []string{l.auth.Issuer()}
	run := exec.CommandContext(t.Context(), agent)
	run.Env = append(os.Environ(), "MCP_URL="+l.endpoint, "AUTH_ISSUER="+l.auth.Issuer(), "AGENT_ID=agent", "AGENT_SECRET=of-the-agent")
	run.Stderr = os.Stderr
	stdin, err := run.StdinPipe()
	require.NoError(t, err)
	stdout, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	lines := bufio.NewScanner(stdout)
	for _, say := range []struct{ line, expect string }{
		{`echo {"Text":"one"}`, "one"}, {`echo {"Text":"two"}`, "two"}, {`none {}`, "error: "}, {`echo {"Text":"three"}`, "three"},
	} {
		_, err := stdin.Write([]byte(say.line + "\n"))
		require.NoError(t, err)
		require.True(t, lines.Scan())
		require.True(t, strings.HasPrefix(lines.Text(), say.expect), lines.Text())
		l.auth.Revoke()
	}
	require.NoError(t, stdin.Close())
	require.NoError(t, run.Wait())
	require.NotEmpty(t, l.auth.TokenRequests())
}
