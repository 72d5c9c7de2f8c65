package redisstore_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestD2_TheProgramSharesThroughRedis: commands that use the same server make one token request between them.
func TestD2_TheProgramSharesThroughRedis(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "alf.exe")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/alf").CombinedOutput()
	require.NoError(t, err, "%s", out)
	onEach(t, func(t *testing.T, program string) {
		server, a := startServer(t, program), newAuthority(t)
		token := func(address string) (stdout, stderr string) {
			cmd := exec.CommandContext(t.Context(), binary, "token", "--store", address)
			cmd.Env = []string{"ALF_TOKEN_URL=" + a.URL + "/token", "ALF_CLIENT_ID=id", "ALF_CLIENT_SECRET=" + clientSecret}
			var output, errors bytes.Buffer
			cmd.Stdout, cmd.Stderr = &output, &errors
			err := cmd.Run()
			require.NoError(t, err, errors.String())
			return strings.TrimSpace(output.String()), errors.String()
		}
		address := "redis://" + server.address
		for range 5 {
			value, warning := token(address)
			require.Equal(t, "very-secret-token-1", value)
			require.Empty(t, warning)
		}
		server.kill()
		value, warning := token(address)
		require.Equal(t, "very-secret-token-2", value, "alone")
		require.Contains(t, warning, "alf: --store: the store cannot be used")
	})
}
