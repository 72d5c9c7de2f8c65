package proxy_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/sim"
)

func TestX1_ARequestGetsTheToken(t *testing.T) {
	l := newLab(t, sim.Options{}, nil)
	status, _ := l.get(t, "/items/1")
	require.Equal(t, http.StatusOK, status)
	l.server.Revoke()
	status, _ = l.get(t, "/items/2")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, 2, l.server.Stats().TokenRequests)
}
