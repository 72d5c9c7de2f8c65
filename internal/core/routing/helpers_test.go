package routing_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
)

// get is an ordinary request for a target.
func get(target string) *routing.Request {
	return &routing.Request{Major: 1, Minor: 1, Method: "GET", Target: target, Host: "localhost:8480", Header: map[string][]string{}}
}

// with sets headers, given as name and value in turn.
func with(r *routing.Request, fields ...string) *routing.Request {
	for i := 0; i < len(fields); i += 2 {
		http.Header(r.Header).Add(fields[i], fields[i+1])
	}
	return r
}

// table makes the table of a listener that has no hosts of its own.
func table(t testing.TB, routes ...routing.Route) *routing.Table {
	t.Helper()
	made, err := routing.NewTable(nil, routes)
	require.NoError(t, err)
	return made
}

// everything is one route for all paths.
func everything(t testing.TB) *routing.Table { return table(t, routing.Route{Name: "all"}) }

// requireRefused requires a refusal with a reason and a status.
func requireRefused(t *testing.T, refusal *routing.Refusal, reason routing.Reason, status int) {
	t.Helper()
	require.NotNil(t, refusal, "admitted")
	require.Equal(t, reason, refusal.Reason, refusal.Detail)
	require.Equal(t, status, refusal.Status, refusal.Detail)
	require.NotEmpty(t, refusal.Detail)
	require.ErrorContains(t, refusal, refusal.Detail)
}
