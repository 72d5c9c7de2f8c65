package fosite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func (s *Server) newClient(t *testing.T, cfg alf.Config) *alf.Client {
	t.Helper()
	c, err := alf.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestF4_ASecretIsReplacedWhileTheServerTakesBoth(t *testing.T) {
	s := start(t)
	a := s.account("basic & opaque")
	c := s.newClient(t, s.config(a, a.credentials))
	next, err := a.fresh()
	require.NoError(t, err)
	for _, step := range []func() error{
		func() error { return nil },
		func() error { return s.store.register(a, next, a.credentials().secret) }, // the server takes both
		func() error { a.current.Store(next); return nil },                        // the client has the new one
		func() error { return s.store.register(a, next) },                         // the old one is gone
	} {
		require.NoError(t, step())
		_, err := c.Refresh(t.Context())
		require.NoError(t, err)
	}
}

func TestM6_ATokenExpiredOnArrivalServesThoseWhoWaited(t *testing.T) {
	s := start(t)
	a := s.account("basic, 1 s")
	c := s.newClient(t, s.config(a, a.credentials))
	resp, err := c.GetContext(t.Context(), s.site.URL()+"/api")
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	require.EqualValues(t, 1, c.Stats().ExpiredOnArrival)
	require.False(t, c.Stats().Ready)
}
