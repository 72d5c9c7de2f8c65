package fetcher_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

// x/oauth2 follows a 307 with the secret.
func TestPeerDefect14_TokenPostDoesNotFollowA307(t *testing.T) {
	other := serve(t, respond(200, good))
	idp := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/token?session=zqxw", http.StatusTemporaryRedirect)
	})
	e := mustFail(t, idp.at())
	require.Equal(t, 1, idp.seen())
	require.Zero(t, other.seen())
	require.Equal(t, 307, e.Status)
}

func TestF2_RedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		other := serve(t, respond(200, good))
		idp := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/token?session=zqxw", status)
		})
		e := mustFail(t, idp.at())
		require.Equal(t, 1, idp.seen())
		require.Zero(t, other.seen())
		require.Equal(t, status, e.Status)
		require.True(t, e.Permanent())
		require.ErrorContains(t, e, "a redirect to "+strings.TrimPrefix(other.URL, "http://"))
		require.ErrorContains(t, e, "redirects are not followed: set TokenURL to the final address")
		require.NotContains(t, everything(t, e), "session")
		require.NotContains(t, everything(t, e), "zqxw")
		var retrieve *oauth2.RetrieveError
		require.ErrorAs(t, e, &retrieve)
		require.Equal(t, other.URL+"/token", retrieve.Response.Header.Get("Location"))
	}
}

func TestF2_RedirectsOfACallersClientAreNotFollowedEither(t *testing.T) {
	other := serve(t, respond(200, good))
	idp := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusPermanentRedirect)
	})
	own := &http.Client{
		Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			t.Error("the redirect was considered")
			return nil
		},
	}
	defer own.CloseIdleConnections()
	cfg := idp.at()
	cfg.TokenRequest.HTTPClient = own
	e := mustFail(t, cfg)
	require.Equal(t, 308, e.Status)
	require.Zero(t, other.seen())
}

func TestF2_AnUnreadableLocationIsStillARedirect(t *testing.T) {
	for _, location := range []string{"http://[::1%/", "::", "%zz", "\x01"} {
		e := mustFail(t, config(always(307, "", "Location", location)))
		require.Equal(t, 307, e.Status, "%q", location)
		require.True(t, e.Permanent())
	}
}

// A transport may give the same header to several requests at a time.
func TestF2_ATransportsResponseIsNotModified(t *testing.T) {
	shared := http.Header{"Location": {"https://other.example.com/"}}
	f := newFetcher(t, config(roundTripper(func(*http.Request) (*http.Response, error) {
		r := reply(307, "")
		r.Header = shared
		return r, nil
	})))
	errs := make(chan error)
	for range 8 {
		go func() {
			_, err := f.Fetch(t.Context())
			errs <- err
		}()
	}
	for range 8 {
		require.ErrorContains(t, <-errs, "to other.example.com")
	}
	require.Equal(t, http.Header{"Location": {"https://other.example.com/"}}, shared)
}
