package alf_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func TestConfig_EveryProblemIsNamedAtOnce(t *testing.T) {
	_, err := alf.New(alf.Config{
		TokenURL:     "http://as.example.com",
		Scopes:       []string{"two words"},
		TokenRequest: alf.TokenRequest{Timeout: -1, Header: http.Header{"Authorization": {"x"}}},
		AllowHTTP:    []string{"http://host/"},
		Origins:      []string{"https://ok.example.com", "api.example.com", "https://api.example.com/path", "http://api.example.com", "https://u:" + testSecret + "@h"},
		RejectedBody: true,
		Policy:       alf.Policy{Margin: -1, RefreshFraction: 7},
	})
	require.Error(t, err)
	for _, field := range []string{
		"TokenURL:", "ClientID:", "ClientSecret:", "Scopes[0]:", "TokenRequest.Timeout:", "TokenRequest.Header:", "AllowHTTP[0]:",
		"Origins[1]:", "Origins[2]:", "Origins[3]:", "Origins[4]:", "RejectedBody:", "Policy.Margin", "Policy.RefreshFraction",
	} {
		require.Equal(t, 1, strings.Count(err.Error(), field), "%s in:\n%v", field, err)
	}
	require.NotContains(t, err.Error(), "Origins[0]")
	require.NotContains(t, err.Error(), testSecret)
}

func TestConfig_ZeroValueSaysWhatIsMissing(t *testing.T) {
	_, err := alf.New(alf.Config{})
	require.ErrorContains(t, err, "TokenURL")
	require.ErrorContains(t, err, "ClientID")
	require.ErrorContains(t, err, "ClientSecret")
}

func TestConfig_OriginsAreOriginsAndNothingElse(t *testing.T) {
	for origin, good := range map[string]bool{
		"https://api.example.com": true, "HTTPS://API.example.com:443": true, "https://[2001:db8::1]:8443": true, "http://127.0.0.1:8080": true,
		"": false, "https://": false, "https://:443": false, "api.example.com": false, "//api.example.com": false, "ftp://api.example.com": false,
		"https://api.example.com/": false, "https://api.example.com?q": false, "https://api.example.com#f": false, "https://api.example.com#": false,
		"https://api.example.com:port": false, "https:api.example.com": false, "http://api.example.com": false,
	} {
		err := alf.Config{Manager: &fakeSource{}, Origins: []string{origin}}.Validate()
		require.Equal(t, good, err == nil, "%q: %v", origin, err)
		if err != nil {
			require.ErrorContains(t, err, "Origins[0]")
		}
	}
	require.NoError(t, alf.Config{Manager: &fakeSource{}, Origins: []string{"http://api.example.com"}, AllowHTTP: []string{"api.example.com"}}.Validate())
}

func TestConfig_WhatWouldSilentlyDoNothingIsRefused(t *testing.T) {
	forFetcher := map[string]alf.Config{
		"TokenURL":                {TokenURL: "https://x"},
		"ClientID":                {ClientID: "x"},
		"ClientSecret":            {ClientSecret: alf.Secret("x")},
		"Scopes":                  {Scopes: []string{"x"}},
		"Audience":                {Audience: []string{"x"}},
		"Params":                  {Params: url.Values{"x": {"y"}}},
		"AuthStyle":               {AuthStyle: alf.AuthPost},
		"TokenType":               {TokenType: "x"},
		"StrictTokenType":         {StrictTokenType: true},
		"StrictScope":             {StrictScope: true},
		"TokenRequest.HTTPClient": {TokenRequest: alf.TokenRequest{HTTPClient: http.DefaultClient}},
		"TokenRequest.Transport":  {TokenRequest: alf.TokenRequest{Transport: http.DefaultTransport}},
		"TokenRequest.Proxy":      {TokenRequest: alf.TokenRequest{Proxy: http.ProxyFromEnvironment}},
		"TokenRequest.TLS":        {TokenRequest: alf.TokenRequest{TLS: new(tls.Config)}},
		"TokenRequest.Timeout":    {TokenRequest: alf.TokenRequest{Timeout: time.Second}},
		"TokenRequest.Header":     {TokenRequest: alf.TokenRequest{Header: http.Header{"X": {"y"}}}},
	}
	for field, cfg := range forFetcher {
		cfg.Fetcher = constantFetcher(time.Hour)
		require.ErrorContains(t, cfg.Validate(), field+": excluded by Fetcher")
		cfg.Fetcher, cfg.Manager = nil, &fakeSource{}
		require.ErrorContains(t, cfg.Validate(), field+": excluded by Manager")
	}
	for field, cfg := range map[string]alf.Config{
		"Policy":  {Policy: alf.Policy{Attempts: 1}},
		"Clock":   {Clock: clock.New()},
		"Rand":    {Rand: func() float64 { return 0 }},
		"Hook":    {Hook: func(alf.Event) {}},
		"Fetcher": {Fetcher: constantFetcher(time.Hour)},
	} {
		cfg.Manager = &fakeSource{}
		require.ErrorContains(t, cfg.Validate(), field+": excluded by Manager")
	}
	require.ErrorContains(t, alf.Config{Manager: &fakeSource{}, AllowHTTP: []string{"http://x"}}.Validate(), "AllowHTTP[0]")
	require.ErrorContains(t, alf.Config{Fetcher: alf.FetcherFunc(nil)}.Validate(), "Fetcher: made of nil")
	require.NoError(t, alf.Config{Manager: &fakeSource{}}.Validate())
	require.NoError(t, alf.Config{Fetcher: constantFetcher(time.Hour), Policy: alf.Policy{Attempts: 1}}.Validate())
}

func TestConfig_ChangingItLaterChangesNothing(t *testing.T) {
	cfg := alf.Config{Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: script(200)}, AllowHTTP: []string{"one.example.com"}, Origins: []string{"http://one.example.com"}}
	client := newClient(t, cfg)
	cfg.AllowHTTP[0], cfg.Origins[0], cfg.HTTPClient.Transport = "two.example.com", "https://two.example.com", nil
	get(t, client, "http://one.example.com/")
}

func TestConfig_ReplacedDefaultTransportIsUsed(t *testing.T) {
	standard := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = standard })
	base := script(200)
	http.DefaultTransport = base
	get(t, newClient(t, alf.Config{Manager: &fakeSource{}}), apiURL)
	require.Len(t, base.seen, 1)
}

func TestSecret_Functions(t *testing.T) {
	t.Setenv("ALF_TEST_SECRET", "from the environment")
	value, err := alf.SecretEnv("ALF_TEST_SECRET")(t.Context())
	require.NoError(t, err)
	require.Equal(t, "from the environment", value)
	_, err = alf.SecretFile(t.TempDir() + "/missing")(t.Context())
	require.Error(t, err)
}

func TestConfig_EveryProblemIsAFieldError(t *testing.T) {
	err := alf.Config{
		TokenURL: "https://as.example.com", ClientID: "id", ClientSecret: alf.Secret("x"),
		Origins: []string{"x"}, RejectedBody: true, HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{Certificates: make([]tls.Certificate, 1)}}},
		Certificate: alf.CertificateFiles("a", "b"),
	}.Validate()
	require.Error(t, err)
	var first *alf.FieldError
	require.ErrorAs(t, err, &first)
	var fields []string
	for _, e := range alf.FieldErrors(err) {
		fields = append(fields, e.Field)
		require.NotEmpty(t, e.Problem, e.Field)
		require.NotEmpty(t, e.Remedy, e.Field)
		require.NotContains(t, e.Problem, e.Field, "the name is added by the program that prints it")
		require.Contains(t, err.Error(), e.Field+": "+e.Problem+": "+e.Remedy)
	}
	require.Equal(t, []string{"Origins[0]", "HTTPClient.Transport", "RejectedBody"}, fields)
	require.Nil(t, alf.FieldErrors(errors.New("another")))
	require.Nil(t, alf.FieldErrors(nil))

	excluded := alf.FieldErrors(alf.Config{Manager: &fakeSource{}, TokenURL: "x", Assertion: alf.Assertion{Audience: "y"}}.Validate())
	require.Len(t, excluded, 2)
	require.Equal(t, "Assertion.Audience", excluded[1].Field)
	require.Equal(t, "remove one of the two", excluded[1].Remedy)
}
