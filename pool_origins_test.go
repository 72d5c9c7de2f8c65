package alf_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func TestP1_TheTableOfOriginsIsTheWholeSet(t *testing.T) {
	stock, orders := alf.Target{Scopes: []string{"stock"}}, alf.Target{Scopes: []string{"orders"}}
	inPool(t, func(k *poolKit) {
		k.cfg.Origins = map[string]alf.Target{"https://stock.example.com": stock, "https://orders.example.com": orders}
	}, func(t *testing.T, k *poolKit) {
		several := k.pool.HTTPClient()
		for _, address := range []string{"https://stock.example.com/1", "https://ORDERS.example.com:443/1"} {
			_, err := k.get(several, t.Context(), address)
			require.NoError(t, err)
		}
		require.Len(t, k.requests(), 2)
		for _, address := range []string{"https://other.example.com/", "http://stock.example.com/", "https://stock.example.com:8443/"} {
			_, err := k.get(several, t.Context(), address)
			require.ErrorIs(t, err, alf.ErrRefused, address)
		}
		_, err := k.get(several, alf.WithTarget(t.Context(), orders), "https://stock.example.com/")
		require.ErrorIs(t, err, alf.ErrRefused, "the context names a conflicting target")
		_, err = k.get(several, alf.WithTarget(t.Context(), stock), "https://stock.example.com/")
		require.NoError(t, err)
		_, err = k.get(k.pool.Client(stock).HTTPClient(), t.Context(), "https://orders.example.com/")
		require.ErrorIs(t, err, alf.ErrRefused, "a client of one target does not send its token to another's origin")
		_, err = k.get(k.pool.Client(alf.Target{Scopes: []string{"none"}}).HTTPClient(), t.Context(), "https://orders.example.com/")
		require.ErrorIs(t, err, alf.ErrRefused)
		require.EqualValues(t, 6, k.pool.Stats().Requests.Refused)
		require.Len(t, k.requests(), 2)
	})
}

func TestP1_ARedirectToAnotherTargetsOriginCarriesNoToken(t *testing.T) {
	api := &recorder{next: func(req *http.Request) *http.Response {
		if req.URL.Host != "stock.example.com" || req.URL.Path != "/away" {
			return nil
		}
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://orders.example.com/"}}, Body: http.NoBody}
	}}
	inPool(t, func(k *poolKit) {
		k.cfg.Config.HTTPClient = &http.Client{Transport: api}
		k.cfg.Origins = map[string]alf.Target{
			"https://stock.example.com":  {Scopes: []string{"stock"}},
			"https://orders.example.com": {Scopes: []string{"orders"}},
		}
	}, func(t *testing.T, k *poolKit) {
		_, err := k.get(k.pool.HTTPClient(), t.Context(), "https://stock.example.com/away")
		require.NoError(t, err)
		require.Len(t, api.auth, 2)
		require.NotEmpty(t, api.auth[0])
		require.Empty(t, api.auth[1])
		require.Len(t, k.requests(), 1)
	})
}
