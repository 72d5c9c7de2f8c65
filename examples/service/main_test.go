package main

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/examples/internal/program"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// stock is the service that is called.
func stock(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/items/green tea" {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, `{"count": 3}`)
}

// A revoked token costs a caller nothing. Without a token, callers learn when to come back.
func TestService_ThroughARevocationAndAnOutage(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{API: http.HandlerFunc(stock)})
	service := program.Start(t, append(env, "STOCK_URL="+kit.APIURL(), "LISTEN=127.0.0.1:0"))
	address := "http://" + service.Await(`listening address=(\S+)`)
	get := func(path string) (*http.Response, string) {
		resp, err := http.Get(address + path)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp, string(body)
	}
	_, body := get("/orders/green%20tea")
	require.Equal(t, "in stock: 3\n", body)
	resp, _ := get("/orders/coal")
	require.Equal(t, http.StatusBadGateway, resp.StatusCode)

	kit.Revoke()
	_, body = get("/orders/green%20tea")
	require.Equal(t, "in stock: 3\n", body)
	require.Equal(t, 1, kit.Stats().Unauthorized)

	kit.GoDown(time.Hour)
	kit.Revoke()
	resp, body = get("/orders/green%20tea")
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.NotEmpty(t, resp.Header.Get("Retry-After"))
	require.Equal(t, "try again later\n", body, "no details for callers")

	http.DefaultClient.CloseIdleConnections()
	require.Zero(t, service.Interrupt())
}
