package clients

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/sidecar"
)

// TestX3_ProxiesOfANodeShareATokenRequest starts ten proxies at the same time, each for one route by flags alone.
// With --store they make one token request, and one more when the token is revoked.
func TestX3_ProxiesOfANodeShareATokenRequest(t *testing.T) {
	if !lab.Selected("clients", "ten proxies") {
		t.Skip("not part of this run")
	}
	const proxies = 10
	client := Clients()[0]
	lab.Require(t, "clients", client.Missing())
	binary := build(t)
	u, err := sidecar.NewUpstream(t.Context(), t.TempDir(), time.Hour)
	require.NoError(t, err)
	t.Cleanup(u.Close)
	store := filepath.Join(t.TempDir(), "store")
	var all [proxies]beside
	var starting sync.WaitGroup
	for i := range all {
		b := besides(t, binary, u, nil)
		b.Flags = []string{
			"--listen", "unix:" + b.socket, "--upstream", u.API.URL(), "--store", store,
			"--token-url", u.TokenURL(), "--client-id", sidecar.ClientID, "--client-secret-file", u.Secret,
		}
		all[i] = b
		starting.Go(func() { assert.NoError(t, b.StartWithoutToken()) })
	}
	starting.Wait()
	send := func() {
		t.Helper()
		var sending sync.WaitGroup
		var got [proxies][]Outcome
		for i, b := range all {
			sending.Go(func() { got[i], _ = b.attempt(t.Context(), client, Job{Count: 3}) })
		}
		sending.Wait()
		for _, one := range got {
			requireGood(t, client, one, 3)
		}
	}
	send()
	require.Equal(t, 1, u.Server.Stats().TokenRequests)
	u.Server.Revoke()
	send()
	require.Equal(t, 2, u.Server.Stats().TokenRequests)
}
