package main

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/examples/internal/program"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { program.Main(m, main) }

func TestCommand_RunsShareAToken(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{API: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"count": 3}`)
	})})
	cache := t.TempDir()
	// The directory that os.UserCacheDir returns, by operating system.
	env = append(env, "STOCK_URL="+kit.APIURL(), "XDG_CACHE_HOME="+cache, "HOME="+cache, "LocalAppData="+cache)
	for range 3 {
		command := program.Start(t, env, "tea")
		require.Zero(t, command.Wait())
		require.Equal(t, "3\n", command.Output())
	}
	require.Equal(t, 1, kit.Stats().TokenRequests)

	kit.Revoke()
	require.Zero(t, program.Start(t, env, "tea").Wait())
	require.Equal(t, 2, kit.Stats().TokenRequests)
}

func TestCommand_ExitCodes(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{})
	cache := t.TempDir()
	env = append(env, "STOCK_URL="+kit.APIURL(), "XDG_CACHE_HOME="+cache, "HOME="+cache, "LocalAppData="+cache)
	require.Equal(t, 2, program.Start(t, env).Wait())

	kit.SetClientSecret("another secret of the example")
	refused := program.Start(t, env, "tea")
	require.Equal(t, 3, refused.Wait())
	require.Contains(t, refused.Output(), "invalid_client")
	require.NotContains(t, refused.Output(), "a secret of the example")

	kit.Close()
	require.Equal(t, 1, program.Start(t, env, "tea").Wait())
}
