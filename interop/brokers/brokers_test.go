package brokers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lifetime is that of the tokens.
const lifetime = 6 * time.Second

// start starts an authorization server and a client of it.
func start(t *testing.T) (*Authority, *alf.Client) {
	authority, err := NewAuthority(lifetime)
	require.NoError(t, err)
	t.Cleanup(authority.Close)
	client, err := alf.New(authority.Config())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return authority, client
}

// works checks that something succeeds all the time.
func works(t *testing.T, during time.Duration, try func() error) {
	t.Helper()
	throughout(during, func() { require.NoError(t, try()) })
}

// throughout repeats a check. Brokers live in real time, and so do these tests.
func throughout(during time.Duration, check func()) {
	again, end := time.NewTicker(100*time.Millisecond), time.After(during)
	defer again.Stop()
	for {
		check()
		select {
		case <-again.C:
		case <-end:
			return
		}
	}
}

// soon checks that something comes about.
func soon(t *testing.T, within time.Duration, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, within, 20*time.Millisecond, what)
}
