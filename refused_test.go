package alf_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// What net/http refuses ends in net/http's words, with and without http.Client's prefix, because callers look for them
// at the end of an error's text, and go-retryablehttp to find out that sending again is useless.
func TestC6_WhatNetHTTPRefusesEndsInItsWords(t *testing.T) {
	for target, want := range map[string]string{
		"gopher://api.example.com/": `unsupported protocol scheme "gopher"`,
		"api.example.com/x":         `unsupported protocol scheme ""`,
		"":                          `unsupported protocol scheme ""`,
		"gopher:///x":               `unsupported protocol scheme "gopher"`,
		"http:///x":                 "http: no Host in request URL",
		"https:///x":                "http: no Host in request URL",
		"HTTPS:///x":                "http: no Host in request URL",
		"http:":                     "http: no Host in request URL",
		"https:api.example.com/x":   "http: no Host in request URL",
		"https:/api.example.com/x":  "http: no Host in request URL",
	} {
		_, plain := (&http.Client{Transport: &http.Transport{}}).Get(target)
		require.ErrorContains(t, plain, want, "net/http itself")

		for name, cfg := range map[string]alf.Config{
			"any origin":     {},
			"listed origins": {Origins: []string{"https://api.example.com"}},
			"plain http":     {AllowHTTP: []string{"api.example.com"}},
		} {
			base, wanted := script(200), 0
			source := &fakeSource{token: func(context.Context) (*alf.Token, error) { wanted++; return namedToken("token-1"), nil }}
			cfg.Manager, cfg.HTTPClient = source, &http.Client{Transport: base}
			client := newClient(t, cfg)
			_, err := client.Get(target)
			require.ErrorIs(t, err, alf.ErrRefused, "%q, %s", target, name)
			require.True(t, strings.HasSuffix(err.Error(), want), "%q, %s: %v", target, name, err)
			require.Contains(t, err.Error(), "(use https://host/path)", "the remedy")

			req := &http.Request{Method: http.MethodPost, URL: mustParse(t, target), Header: http.Header{}, Host: "api.example.com"}
			body := &trackedBody{Reader: strings.NewReader("x")}
			req.Body = body
			_, err = client.Transport(nil).RoundTrip(req)
			require.ErrorIs(t, err, alf.ErrRefused, "%q, %s", target, name)
			require.True(t, strings.HasSuffix(err.Error(), want), "%q, %s: %v", target, name, err)
			require.True(t, body.closed.Load(), "as RoundTrip must")

			require.Empty(t, base.seen)
			require.Zero(t, wanted, "no token is fetched for it")
			require.EqualValues(t, 2, client.Stats().Refused)
		}
	}
	// net/http connects to this machine then.
	_, err := over(t, &fakeSource{}, script(200)).Get("http://:8080/x")
	require.ErrorIs(t, err, alf.ErrRefused)
	require.ErrorContains(t, err, `its URL names no host, only ":8080": use localhost:8080 if this machine is meant`)

	_, err = over(t, &fakeSource{}, script(200)).Transport(nil).RoundTrip(&http.Request{Header: http.Header{}})
	require.ErrorIs(t, err, alf.ErrRefused)
	require.True(t, strings.HasSuffix(err.Error(), "http: nil Request.URL"), err.Error())
}

func mustParse(t *testing.T, target string) *url.URL {
	u, err := url.Parse(target)
	require.NoError(t, err)
	return u
}
