//go:build unix

package program

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// SIGHUP reads the file again. An invalid one changes nothing, and is reported as at the start; clients whose settings
// stay the same keep their tokens.
func TestX3_SIGHUPReadsTheFileAgain(t *testing.T) {
	i, api := tokensByClient(t), tokenEcho(t)
	p := newProxyProcess(t, map[string]string{"secret": theSecret})
	file := filepath.Join(p.dir, "proxy.json")
	configure := func(client, routes string) {
		p.write("proxy.json", fmt.Sprintf(`{
  "listeners": [{"address": "unix:s"}],
  "client": {"token_url": %q, "client_id": %q, "client_secret_file": "secret"},
  "routes": [%s]
}`, i.URL, client, strings.ReplaceAll(routes, "API", api)))
	}
	reload := func(says string) {
		t.Helper()
		require.NoError(t, syscall.Kill(syscall.Getpid(), syscall.SIGHUP))
		p.stderr.await(t, p.ended, says)
	}
	requests := func() int {
		i.mu.Lock()
		defer i.mu.Unlock()
		return len(i.forms)
	}
	configure("me", `{"path": "/a", "upstream": "API"}`)
	p.start(nil, "--config", file)
	_, body := p.get("s", "/a")
	require.Equal(t, "GET /a Bearer for-me", body)

	configure("me", `{"path": "/b", "upstream": "API", "methods": "get"}, {"path": "c"}`)
	reload("routes[1].path: does not begin with a slash")
	require.Contains(t, p.stderr.String(), file+":4:", "all problems")
	require.Contains(t, p.stderr.String(), "routes[0].methods: is in lower case")
	require.Contains(t, p.stderr.String(), "routes[1]: upstream is missing")
	_, body = p.get("s", "/a")
	require.Equal(t, "GET /a Bearer for-me", body)

	configure("me", `{"path": "/b", "upstream": "API"}`)
	reload("alf: reloaded")
	_, body = p.get("s", "/b")
	require.Equal(t, "GET /b Bearer for-me", body)
	status, _ := p.get("s", "/a")
	require.Equal(t, 404, status)
	require.Equal(t, 1, requests(), "the token was kept")

	configure("other", `{"path": "/c", "upstream": "API"}`)
	require.NoError(t, syscall.Kill(syscall.Getpid(), syscall.SIGHUP))
	p.stderr.awaitTimes(t, p.ended, "alf: reloaded", 2)
	_, body = p.get("s", "/c")
	require.Equal(t, "GET /c Bearer for-other", body)
	require.Equal(t, exit.OK, p.stop())
}

// With flags there is nothing to read again, and the proxy goes on.
func TestX3_SIGHUPWithoutAFile(t *testing.T) {
	i, api := newIDP(t), tokenEcho(t)
	p := newProxyProcess(t, nil)
	p.start(i.configured(), "--listen", "unix:"+filepath.Join(p.dir, "s"), "--upstream", api)
	require.NoError(t, syscall.Kill(syscall.Getpid(), syscall.SIGHUP))
	p.stderr.await(t, p.ended, "nothing to reload: the configuration came from flags")
	_, body := p.get("s", "/a")
	require.Equal(t, "GET /a Bearer token-1", body)
	require.Equal(t, exit.OK, p.stop())
}
