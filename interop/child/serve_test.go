package child_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/interop/child"
)

// sleeper is a server that does not know of its input.
var sleeper = []string{"sh", "-c", "echo one; echo now ready; exec sleep 600"}

func TestAServerEndsOnClose(t *testing.T) {
	p, err := child.Serve(t.Context(), "ready", sleeper[0], sleeper[1:]...)
	require.NoError(t, err)
	require.Contains(t, p.Said(), "one\nnow ready")
	p.Close() // returns once the output ends, which the server holds
}

func TestAServerThatEndsByItselfIsSeen(t *testing.T) {
	_, err := child.Serve(t.Context(), "ready", "sh", "-c", "echo why; exit 3")
	require.EqualError(t, err, "sh does not start: why")

	p, err := child.Serve(t.Context(), "ready", "sh", "-c", "echo ready")
	require.NoError(t, err)
	<-p.Done()
	p.Close()
}

func TestAServerThatIsNeverReady(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	late := errors.New("too late")
	cancel(late)
	_, err := child.Serve(ctx, "never", sleeper[0], sleeper[1:]...)
	require.ErrorIs(t, err, late)
}

func TestAServerThatDoesNotExist(t *testing.T) {
	_, err := child.Serve(t.Context(), "ready", "/does/not/exist")
	require.ErrorContains(t, err, "exist does not start: ")
}

// asParent makes the test a process that starts a server, which holds the named pipe open.
const asParent = "CHILD_TEST_PARENT"

func TestAServerDoesNotOutliveItsParent(t *testing.T) {
	if pipe := os.Getenv(asParent); pipe != "" {
		_, err := child.Serve(t.Context(), "ready", "sh", "-c", `echo ready; exec sleep 600 >"$0" 2>&1`, pipe)
		require.NoError(t, err)
		select {}
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	parent := exec.Command(os.Args[0], "-test.run=^TestAServerDoesNotOutliveItsParent$")
	parent.Env = append(os.Environ(), asParent+"="+pipe)
	require.NoError(t, parent.Start())
	reader, err := os.Open(pipe) // once the server opens it as well
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()

	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	_, err = io.ReadAll(reader) // ends when no process has it open for writing
	require.NoError(t, err)
}
