//go:build unix

package program

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever reads the log may go, at any time.
func TestX3_ALogWhoseReaderHasGoneEndsNothing(t *testing.T) {
	i, api := newIDP(t), tokenEcho(t)
	p := newProxyProcess(t, map[string]string{"secret": theSecret, "proxy.json": fmt.Sprintf(`{
  "listeners": [{"address": "unix:alf.sock"}],
  "client": {"token_url": %q, "client_id": "me", "client_secret_file": "secret"},
  "routes": [{"path": "/", "upstream": %q}]
}`, i.URL, api)})
	cmd := exec.Command(os.Args[0], "proxy", "--config", filepath.Join(p.dir, "proxy.json"))
	cmd.Env = append(os.Environ(), asProgram+"=yes")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer cmd.Process.Kill()
	for lines := bufio.NewScanner(stderr); lines.Scan() && !strings.Contains(lines.Text(), "alf: proxy started"); {
	}
	require.NoError(t, stdout.Close())
	require.NoError(t, stderr.Close())
	for range 3 {
		require.NoError(t, cmd.Process.Signal(syscall.SIGHUP)) // which is logged
		status, body := p.get("alf.sock", "/")
		require.Equal(t, http.StatusOK, status, body)
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait())
	require.NoFileExists(t, filepath.Join(p.dir, "alf.sock"))
}
