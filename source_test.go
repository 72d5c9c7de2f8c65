package alf_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

func TestSeed_S10_TokenManagerIsReplaceable(t *testing.T) {
	source, base := &fakeSource{}, script(401, 200)
	client := over(t, source, base)
	get(t, client, apiURL)
	require.Equal(t, []string{"Bearer token-1", "Bearer token-2"}, base.authorizations())
	require.Equal(t, []string{"https://api.example.com:443"}, source.replaced)

	tok, err := client.Token(context.Background())
	require.NoError(t, err)
	require.Equal(t, "token-2", tok.Value())
	require.NoError(t, client.Invalidate(tok, "broker"))
	require.Equal(t, []string{"broker"}, source.invalidated)
}

// ableSource has everything a Source may have.
type ableSource struct {
	fakeSource
	values []string
}

func (*ableSource) Refresh(context.Context) (*alf.Token, error) { return namedToken("refreshed"), nil }
func (*ableSource) Stats() manager.Stats                        { return manager.Stats{Fetches: 7} }
func (a *ableSource) InvalidateValue(value, origin string) error {
	a.values = append(a.values, value+" by "+origin)
	return nil
}

func TestSeed_S10_WhatAManagerCannotDoIsUnsupported(t *testing.T) {
	client := newClient(t, alf.Config{Manager: &fakeSource{}})
	_, err := client.Refresh(context.Background())
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.ErrorContains(t, err, "Refresh")
	require.ErrorIs(t, client.InvalidateValue("x", "y"), errors.ErrUnsupported)
	require.Zero(t, client.Stats())

	able := &ableSource{}
	client = newClient(t, alf.Config{Manager: able})
	tok, err := client.Refresh(context.Background())
	require.NoError(t, err)
	require.Equal(t, "refreshed", tok.Value())
	require.NoError(t, client.InvalidateValue("x", "y"))
	require.Equal(t, []string{"x by y"}, able.values)
	require.EqualValues(t, 7, client.Stats().Fetches)
}

func TestSeed_S10_AnyFetcherWillDo(t *testing.T) {
	n := 0
	base := script(401, 200)
	client := newClient(t, alf.Config{
		Fetcher: alf.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
			n++
			return &oauth2.Token{AccessToken: []string{"first", "second"}[n-1], Expiry: time.Now().Add(time.Hour)}, nil
		}),
		HTTPClient: &http.Client{Transport: base},
	})
	get(t, client, apiURL)
	require.Equal(t, []string{"Bearer first", "Bearer second"}, base.authorizations())
}

func TestC2_TokenThatIsEmptyIsNotSent(t *testing.T) {
	for name, tok := range map[string]*alf.Token{"nil": nil, "empty": namedToken(""), "zero": new(alf.Token)} {
		base := script(200)
		client := over(t, &fakeSource{token: sameToken(tok)}, base)
		body := hide("x")
		_, err := client.Post(apiURL, "", body)
		require.ErrorContains(t, err, "Config.Manager", name)
		require.True(t, body.isClosed())
		_, err = client.Token(context.Background())
		require.Error(t, err)
		_, err = client.TokenSource().Token()
		require.Error(t, err)
		_, err = client.GetRequestMetadata(context.Background())
		require.Error(t, err)
		require.Empty(t, base.seen)
	}
}

func TestM20_RefreshInvalidateAndStatsByHand(t *testing.T) {
	auth := startAuth(t)
	client := newClient(t, auth.config())
	first, err := client.Token(context.Background())
	require.NoError(t, err)
	stats := client.Stats()
	require.True(t, stats.Ready)
	require.Equal(t, first.ID(), stats.Token)
	require.True(t, stats.RefreshTime.Before(stats.EffectiveExpiry))

	second, err := client.Refresh(context.Background())
	require.NoError(t, err)
	require.Equal(t, "issued-2", second.Value())
	require.NoError(t, client.Invalidate(first, "broker"), "a token of the past costs nothing")
	require.Equal(t, 2, auth.count())
	require.NoError(t, client.InvalidateValue(second.Value(), "broker"))
	third, err := client.Token(context.Background())
	require.NoError(t, err)
	require.Equal(t, "issued-3", third.Value())
	require.ErrorContains(t, client.Invalidate(nil, "broker"), "no token to replace")
}

func TestM13_InvalidateSaysThatTheTokenStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		client := newClient(t, alf.Config{Fetcher: alf.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
			n++
			return &oauth2.Token{AccessToken: "t" + string(rune('0'+n)), Expiry: time.Now().Add(time.Hour)}, nil
		})})
		tok, err := client.Token(context.Background())
		require.NoError(t, err)
		// Two tokens in a row may have been revoked; the second is replaced a second later.
		for range 2 {
			require.NoError(t, client.Invalidate(tok, "api"))
			tok, err = client.Token(context.Background())
			require.NoError(t, err)
		}
		require.ErrorIs(t, client.Invalidate(tok, "api"), alf.ErrSuppressed)
	})
}

func TestM18_HookOfTheClientMayUseTheClient(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	published := make(chan error, 1)
	var client *alf.Client
	cfg := auth.config()
	cfg.Hook = func(e alf.Event) {
		if e.Kind == manager.Published {
			resp, err := client.Get(api.URL)
			if err == nil {
				resp.Body.Close()
			}
			published <- err
		}
	}
	client = newClient(t, cfg)
	_, err := client.Token(context.Background())
	require.NoError(t, err)
	require.NoError(t, <-published)
}
