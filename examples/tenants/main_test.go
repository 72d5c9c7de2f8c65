package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

func TestService_ThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kit := sim.New(sim.Options{})
		pool, err := newPool(newDatabase(kit.TokenURL(), 100), alf.Config{
			HTTPClient:   &http.Client{Transport: kit.RoundTripper()},
			TokenRequest: alf.TokenRequest{Transport: kit.RoundTripper()},
		})
		require.NoError(t, err)
		defer pool.Close()
		service := newService(pool, kit.APIURL())
		get := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			service.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			return w
		}
		require.Equal(t, http.StatusOK, get("/healthz").Code)
		require.Equal(t, http.StatusOK, get("/t1/items").Code)
		require.Equal(t, http.StatusOK, get("/t2/items").Code)
		require.Equal(t, http.StatusNotFound, get("/unknown/items").Code)
		require.Contains(t, get("/metrics").Body.String(), "alf_tokens 2\n")

		kit.GoDown(10 * time.Minute)
		require.Equal(t, http.StatusOK, get("/t1/items").Code, "its token is still usable")
		without := get("/t3/items")
		require.Equal(t, http.StatusServiceUnavailable, without.Code)
		require.NotEmpty(t, without.Header().Get("Retry-After"))
		require.NotContains(t, without.Body.String(), "secret")

		time.Sleep(11 * time.Minute)
		require.Equal(t, http.StatusOK, get("/t3/items").Code)
	})
}
