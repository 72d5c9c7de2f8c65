package alf_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

// The API a.example responds 401 to every token, and the fetch that this causes hangs: b.example is served throughout.
func TestM21_ARejectionDoesNotAffectOtherOriginsEndToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		n := 0
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Host == "a.example" {
				return respond(req, 401, ""), nil
			}
			return respond(req, 200, ""), nil
		})
		client := newClient(t, alf.Config{
			HTTPClient: &http.Client{Transport: base},
			Fetcher: alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
				if hang.Load() {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				n++
				return &oauth2.Token{AccessToken: "t" + string(rune('0'+n)), Expiry: time.Now().Add(time.Hour)}, nil
			}),
		})
		get(t, client, "https://b.example/")
		hang.Store(true)
		go client.Get("https://a.example/")
		time.Sleep(time.Second)
		for range 202 {
			start := time.Now()
			resp, _ := get(t, client, "https://b.example/")
			require.Equal(t, 200, resp.StatusCode)
			require.Zero(t, time.Since(start))
			time.Sleep(100 * time.Millisecond)
		}
		_, err := client.Get("https://a.example/")
		require.Error(t, err)
	})
}

// A refresh and the revocation of everything cross: the requests in flight keep their 401, later ones succeed.
func TestC3_EverythingIsRevokedWhileARefreshIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var generation, revokedUpTo atomic.Int32
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Millisecond)
			g := int32(req.Header.Get("Authorization")[len("Bearer t")] - '0')
			if g <= revokedUpTo.Load() {
				return respond(req, 401, ""), nil
			}
			return respond(req, 200, ""), nil
		})
		client := newClient(t, alf.Config{
			HTTPClient: &http.Client{Transport: base},
			Fetcher: alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
				g := generation.Add(1)
				time.Sleep(100 * time.Millisecond)
				return &oauth2.Token{AccessToken: "t" + string('0'+g), Expiry: time.Now().Add(time.Hour)}, nil
			}),
		})
		get(t, client, apiURL)
		time.Sleep(5 * time.Second)
		go client.Refresh(t.Context())
		time.Sleep(50 * time.Millisecond)
		revokedUpTo.Store(2)
		atOnce(100, func(int) {
			resp, err := client.Get(apiURL)
			if err == nil {
				resp.Body.Close()
			}
		})
		for range 5 {
			start := time.Now()
			resp, _ := get(t, client, apiURL)
			require.Equal(t, 200, resp.StatusCode)
			require.LessOrEqual(t, time.Since(start), 1300*time.Millisecond)
			time.Sleep(time.Second)
		}
	})
}
