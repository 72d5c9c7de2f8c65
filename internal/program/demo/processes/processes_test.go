package processes_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/internal/program/demo/processes"
	"github.com/alf-go/alf/internal/subprocess"
)

// What the test binary can be: a process of the demonstration, one that ends at once, and one that starts two, of which
// it stops one.
const (
	roleProcess = "process"
	roleBroken  = "broken"
	roleParent  = "parent"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case roleProcess:
			if processes.Main(os.Stdin, os.Stdout, nil) != nil {
				os.Exit(1)
			}
			os.Exit(0)
		case roleBroken:
			os.Exit(3)
		case roleParent:
			if err := processes.StartTwo(small(io.Discard)); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Println("started")
			select {}
		}
	}
	goleak.VerifyTestMain(m)
}

// small is a demonstration that is over soon.
func small(progress io.Writer) processes.Options {
	return processes.Options{
		Processes: 2, Callers: 1, Every: 50 * time.Millisecond, Lifetime: 3 * time.Second,
		Command: []string{os.Args[0], roleProcess}, Progress: progress,
	}
}

// requireEmpty checks that nothing has remained of the store.
func requireEmpty(t *testing.T, dir string) {
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// watched ends a context when a text was written.
type watched struct {
	mu   sync.Mutex
	all  bytes.Buffer
	text string
	end  context.CancelFunc
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all.Write(p)
	if strings.Contains(w.all.String(), w.text) {
		w.end()
	}
	return len(p), nil
}

func TestRun_EndsWithWhatItHasWhenInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := processes.Run(ctx, small(&watched{text: "tokens revoked: ", end: cancel}))
	require.NoError(t, err)
	require.Equal(t, "tokens revoked", r.Stopped)
	require.Len(t, r.Acts, 1)
	require.Equal(t, "cold start", r.Acts[0].Name)
	require.EqualValues(t, 2, r.Acts[0].Separate.TokenRequests)
	require.EqualValues(t, 1, r.Acts[0].Single.TokenRequests)
	require.True(t, r.Held(), "%v", r.Promises())
	requireEmpty(t, dir)
}

func TestRun_ReportsAProcessThatDoesNotStart(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	o := small(io.Discard)
	o.Command = []string{os.Args[0], roleBroken}
	_, err := processes.Run(t.Context(), o)
	require.Error(t, err)
	require.Regexp(t, `process \d+ (has ended by itself: exit status 3|does not take its task)`, err.Error())
	requireEmpty(t, dir)
}

// No process outlives the demonstration when that is killed, not even one that is stopped. They inherit a pipe, which
// ends when all of them have.
func TestProcesses_EndWithAKilledParent(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	if !subprocess.CanSuspend {
		t.Skip("processes cannot be stopped here")
	}
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	cmd := exec.Command(os.Args[0], roleParent)
	cmd.ExtraFiles = []*os.File{write}
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.NoError(t, write.Close())
	lines := bufio.NewScanner(output)
	require.True(t, lines.Scan())
	require.Equal(t, "started", lines.Text())
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.NoError(t, read.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = io.ReadAll(read)
	require.NoError(t, err, "a process still runs")
}

func TestOptions_AreValidatedAllAtOnce(t *testing.T) {
	_, err := processes.Run(t.Context(), processes.Options{Processes: 1, Every: time.Minute, Lifetime: time.Second, AuthStyle: -1})
	for _, flag := range []string{"--processes is 1", "--callers is 0", "--every is 1m0s", "--lifetime is 1s", "--auth-style: "} {
		require.ErrorContains(t, err, flag)
	}
}
