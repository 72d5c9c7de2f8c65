package lab

import (
	"net/http"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A site finds its port free when it is started again, even while this process starts others: they have its files for a
// moment.
func TestASiteStartsAgainWhileProcessesAreStarted(t *testing.T) {
	site, err := NewSite()
	require.NoError(t, err)
	site.Handler = http.NotFoundHandler()
	var over atomic.Bool
	var starters sync.WaitGroup
	defer starters.Wait()
	defer over.Store(true)
	for range 4 {
		starters.Go(func() {
			for !over.Load() {
				_ = exec.Command("true").Run()
			}
		})
	}
	for range 200 {
		require.NoError(t, site.Start(t.Context()))
		site.Stop()
	}
}
