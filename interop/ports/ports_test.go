package ports_test

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/ports"
)

// asChild makes the test a process that says which port it found, and ends with its input.
const asChild = "PORTS_TEST_CHILD"

// A server that is stopped for a while finds its port free, however many others look for one meanwhile.
func TestAPortIsNotGivenTwice(t *testing.T) {
	if os.Getenv(asChild) != "" {
		found, err := ports.Find(1)
		require.NoError(t, err)
		os.Stdout.WriteString(strconv.Itoa(found[0]) + "\n")
		os.Stdin.Read(make([]byte, 1))
		return
	}
	given := map[int]bool{}
	for range 70 {
		found, err := ports.Find(4)
		require.NoError(t, err)
		require.Len(t, found, 4)
		for _, port := range found {
			require.False(t, given[port], "%d was given before", port)
			given[port] = true
		}
	}
	for range 5 {
		said := make(chan string, 10)
		other := exec.Command(os.Args[0], "-test.run=^TestAPortIsNotGivenTwice$")
		other.Env = append(os.Environ(), asChild+"=1", "GORACE=atexit_sleep_ms=0")
		process, err := child.Start(other, func(line string) { said <- line })
		require.NoError(t, err)
		defer process.Close()
		port, err := strconv.Atoi(<-said)
		require.NoError(t, err)
		require.False(t, given[port], "%d is another process's", port)
		given[port] = true
	}
}

// A port that another process listens on is passed over, and in the end ports come round again.
func TestPortsInUseArePassedOver(t *testing.T) {
	found, err := ports.Find(1)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(found[0])))
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	for range 10 {
		others, err := ports.Find(100)
		require.NoError(t, err)
		require.NotContains(t, others, found[0])
	}
}
