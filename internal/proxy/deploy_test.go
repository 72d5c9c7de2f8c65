package proxy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The units of systemd are ones that it accepts, and the container starts what there is.
func TestX3_UnitsOfSystemd(t *testing.T) {
	folder := t.TempDir()
	var files []string
	all := ""
	for _, name := range []string{"alf-proxy.socket", "alf-proxy.service"} {
		content, err := os.ReadFile(filepath.Join("../../deploy", name))
		require.NoError(t, err)
		text := strings.ReplaceAll(string(content), "/usr/local/bin/alf ", os.Args[0]+" ") // which has to exist
		files = append(files, filepath.Join(folder, name))
		require.NoError(t, os.WriteFile(files[len(files)-1], []byte(text), 0o600))
		all += text
	}
	for _, line := range []string{"FileDescriptorName=orders", "SocketMode=0660", "Type=notify", "ExecReload=/bin/kill -HUP $MAINPID", "TimeoutStopSec=40"} {
		require.Contains(t, all, "\n"+line+"\n")
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	out, err := exec.Command("systemd-analyze", append([]string{"verify"}, files...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotContains(t, string(out), "nknown")
}
