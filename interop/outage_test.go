package interop

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tryOutage stops the server under callers of an API that does not need it. As long as they hold a good token, they do
// not notice; and once the server is back, the client is as well.
func tryOutage(t *testing.T, r *row) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); !ok || token == "" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer api.Close()
	elsewhere := r.newClient(t, r.Config())
	elsewhere.api = api.URL
	require.NoError(t, elsewhere.ask(t.Context()))
	end := elsewhere.Stats().EffectiveExpiry
	f := drive(t, 4, 10*time.Millisecond, func(ctx context.Context) error {
		if err := elsewhere.ask(ctx); err != nil && time.Now().Before(end) {
			return err
		}
		return nil
	})
	f.await(t, 4)
	r.server.Stop()
	await(t, "the refresh fails", func() bool { return elsewhere.Stats().Failed > 0 })
	require.NoError(t, f.last())

	require.NoError(t, r.server.Start(t.Context(), false))
	c := r.newClient(t, r.Config())
	require.NoError(t, c.ask(t.Context()), "a new client")
	await(t, "the old client recovers", func() bool { return elsewhere.askAt(t.Context(), r.API) == nil })
}
