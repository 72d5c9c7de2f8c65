package rabbitmq_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/rabbitmq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQuirk_ABadTokenIsAskedForAPassword(t *testing.T) {
	lab.Require(t, "RabbitMQ", rabbitmq.Missing())
	ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second)
	defer cancel()
	s, err := rabbitmq.Start(ctx, t.TempDir(), "https://127.0.0.1:1/jwks", "scope")
	require.NoError(t, err)
	defer s.Close()
	for _, token := range []string{"", "made-up", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL(rabbitmq.Whoami), nil)
		require.NoError(t, err)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode, "%s\n%s", body, s.Log())
		require.Equal(t, []string{`Basic realm="RabbitMQ Management"`}, resp.Header.Values("WWW-Authenticate"), "%q %s", token, body)
	}
	http.DefaultClient.CloseIdleConnections()
}
