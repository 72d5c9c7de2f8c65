package child_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/child"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLinesArriveInOrderUntilTheInputEnds(t *testing.T) {
	var lines []string
	p, err := child.Start(exec.Command("sh", "-c", "echo one; echo two >&2; cat; printf end"), func(line string) {
		lines = append(lines, line)
	})
	require.NoError(t, err)
	require.NoError(t, p.Write([]byte("three\n")))
	p.Close()
	require.Equal(t, []string{"one", "two", "three", "end"}, lines)
	require.Equal(t, "one\ntwo\nthree\nend", p.Said())
}

func TestKillDoesNotWaitForTheChildsConsent(t *testing.T) {
	started := make(chan string, 1)
	p, err := child.Start(exec.Command("sh", "-c", "trap '' TERM INT HUP; echo started; while :; do read x; done"),
		func(line string) { started <- line })
	require.NoError(t, err)
	require.Equal(t, "started", <-started)
	p.Kill()
	<-p.Done()
}

func TestACommandThatDoesNotExist(t *testing.T) {
	_, err := child.Start(exec.Command("/does/not/exist"), func(string) {})
	require.Error(t, err)
}
