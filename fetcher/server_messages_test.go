package fetcher_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
)

// Whatever a refusal says, in the forms that servers use.
func TestF9_WhatServersSayReachesTheError(t *testing.T) {
	for _, c := range []struct {
		name, body, code, want string
		header                 []string
	}{
		{name: "RFC 6749", body: `{"error":"invalid_client","error_description":"Bad credentials"}`, code: "invalid_client"},
		{name: "Spring Boot", body: `{"timestamp":"2026-11-29T10:00:00Z","status":401,"error":"Unauthorized","message":"Bad credentials","path":"/token"}`},
		{name: "a code and a message", body: `{"error":"invalid_client","message":"Bad credentials"}`, code: "invalid_client"},
		{name: "Okta", body: `{"errorCode":"E0000011","errorSummary":"Bad credentials","errorLink":"E0000011","errorCauses":[]}`},
		{name: "Okta's causes", body: `{"errorCode":"E0000001","errorCauses":[{"errorSummary":"Bad credentials"}]}`},
		{name: "errors[].message", body: `{"errors":[{"code":7,"message":"Bad credentials"}]}`},
		{name: "JSON:API", body: `{"errors":[{"status":"401","title":"Unauthorized","detail":"Bad credentials"}]}`},
		{name: "errors, texts", body: `{"errors":["Bad credentials","and more"]}`},
		{name: "errors by field", body: `{"errors":{"client_id":["Bad credentials"]}}`},
		{name: "Apigee", body: `{"fault":{"faultstring":"Bad credentials","detail":{"errorcode":"oauth.v2.InvalidClientIdentifier"}}}`},
		{name: "problem+json", body: `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Bad credentials"}`, header: []string{"Content-Type", "application/problem+json"}},
		{name: "problem+json, title alone", body: `{"title":"Bad credentials","status":401}`},
		{name: "Google", body: `{"error":{"code":401,"message":"Bad credentials","status":"UNAUTHENTICATED"}}`},
		{name: "AWS", body: `{"Message":"Bad credentials"}`},
		{name: "errorMessage", body: `{"errorMessage":"Bad credentials"}`},
		{name: "error_message", body: `{"error_message":"Bad credentials"}`},
		{name: "msg", body: `{"code":401,"msg":"Bad credentials"}`},
		{name: "a form (GitHub)", body: `error=invalid_client&error_description=Bad+credentials`, code: "invalid_client"},
		{name: "a short text", body: "Bad credentials\n"},
		{name: "a page", body: "<!DOCTYPE html>\n<html><head><title>Bad credentials</title></head><body>...</body></html>"},
		{name: "a challenge (doorkeeper)", header: []string{"WWW-Authenticate", `Bearer realm="Doorkeeper", error="invalid_client", error_description="Bad credentials"`}},
		{name: "cleaned", body: `{"message":"Bad\u001b credentials\u0000"}`, want: "Bad\uFFFD credentials\uFFFD"},
	} {
		e := mustFail(t, config(always(401, c.body, c.header...)))
		want := c.want
		if want == "" {
			want = "Bad credentials"
		}
		require.Equal(t, want, e.Description, c.name)
		require.ErrorContains(t, e, fmt.Sprintf("%q", want), c.name)
		require.Equal(t, c.code, e.Code, c.name)
	}
	for name, body := range map[string]string{
		"no text": `{"message":{"a":1},"errors":[],"fault":7}`, "the status again": "Unauthorized", "its page": "<title>401 Unauthorized</title>",
		"a long text": strings.Repeat("words ", 100), "half of JSON": `{"message":"Bad`, "nothing": "",
	} {
		require.Empty(t, mustFail(t, config(always(401, body))).Description, name)
	}
	long := mustFail(t, config(always(401, `{"message":"`+strings.Repeat("x", 5000)+`"}`)))
	require.LessOrEqual(t, len(long.Description), 1024)
}

// Redaction is for what others wrote: of our own sentences, the secret "secret" would take half.
func TestF9_OurOwnTextIsNotRedacted(t *testing.T) {
	for _, c := range []struct {
		secret string
		rt     roundTripper
		want   string
	}{
		{"secret", always(401, `{"error":"invalid_client"}`), "the server may want AuthStyle client_secret_post"},
		{"client", always(403, `{"error":"unauthorized_client"}`), "the client may not use the client credentials grant"},
		{"Bearer", always(200, typed(`"mac"`)), `token_type is "mac", not "Bearer"; if the server calls its tokens so, set TokenType`},
		{"token", always(200, `{}`), "malformed response: there is no access_token"},
		{"redirect", always(302, "", "Location", "https://h.example.com/x"), "a redirect to h.example.com; redirects are not followed"},
	} {
		cfg := config(c.rt)
		cfg.ClientSecret = fetcher.Secret(c.secret)
		e := mustFail(t, cfg)
		require.ErrorContains(t, e, c.want)
		require.NotContains(t, e.Hint, "[redacted]")
	}
	// What the server wrote is redacted all the same, within our sentences too.
	cfg := config(always(200, typed(`"top-secret-1"`)))
	cfg.ClientSecret = fetcher.Secret("top-secret-1")
	e := mustFail(t, cfg)
	require.NotContains(t, everything(t, e), "top-secret-1")
	require.ErrorContains(t, e, `token_type is "[redacted]", not "Bearer"`)
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// manyMembers is a token response of 1 MiB with 80,000 members.
func manyMembers() string {
	var b strings.Builder
	b.WriteString(good[:len(good)-1])
	for i := range 80_000 {
		fmt.Fprintf(&b, `,"m%05d":%d`, i, i%100)
	}
	return b.String() + "}"
}

func TestF9_ALargeResponseMakesGarbageInProportion(t *testing.T) {
	body := manyMembers()
	require.InDelta(t, 1<<20, len(body), 100<<10)
	f := newFetcher(t, config(always(200, body)))
	var extra any
	garbage := allocated(func() {
		token, err := f.Fetch(context.Background())
		require.NoError(t, err)
		extra = token.Extra("m79999")
	})
	require.Equal(t, 99.0, extra)
	require.Less(t, garbage, uint64(24<<20), "it was 242 MiB")
	refused := newFetcher(t, config(always(400, `{"error":"invalid_scope",`+body[1:])))
	garbage = allocated(func() {
		_, err := refused.Fetch(context.Background())
		require.Error(t, err)
	})
	require.Less(t, garbage, uint64(24<<20))
}

// The cost of an error does not grow with the page it is about, nor with its headers. Allocations stand for the time
// that the old redaction took, 0.3 s and 2.7 s: it decoded what it searched, 85 times over.
func TestF9_AnErrorPageCostsLittle(t *testing.T) {
	page := "<html>" + strings.Repeat(`<p class="x">100% &amp; more\n of "it": %41 &lt;b&gt;</p>`, 1200)
	require.Greater(t, len(page), 64<<10)
	var header []string
	for i := range 12 {
		header = append(header, fmt.Sprintf("X-Long-%d", i), strings.Repeat(`a%41\n&amp; "token": x; `, 400))
	}
	f := newFetcher(t, config(always(500, page, header...)))
	garbage := allocated(func() {
		_, err := f.Fetch(context.Background())
		require.Error(t, err)
	})
	require.Less(t, garbage, uint64(2<<20))
}

func TestM9_OtherHeadersThatAskToWait(t *testing.T) {
	mock := clock.NewMock()
	mock.Set(time.Unix(1_700_000_000, 0))
	for _, c := range []struct {
		status      int
		name, value string
		want        time.Duration
	}{
		{429, "X-Retry-After", "59", 59 * time.Second}, // Better Auth
		{503, "X-Retry-After", "59", 59 * time.Second},
		{429, "X-Retry-After", "soon", 0},
		{429, "RateLimit-Reset", "30", 30 * time.Second},
		{429, "RateLimit-Reset", "0", 1},
		{429, "X-RateLimit-Reset", "1700000045", 45 * time.Second},
		{429, "X-RateLimit-Reset", "1700000045000", 45 * time.Second},
		{429, "X-RateLimit-Reset", "1600000000", 1},
		{429, "X-Rate-Limit-Reset", "1700000045", 45 * time.Second},
		{429, "RateLimit-Reset", "-1", 0},
		// They are sent with every response: only a 429 means them.
		{400, "RateLimit-Reset", "30", 0},
		{503, "RateLimit-Reset", "30", 0},
	} {
		cfg := config(always(c.status, "", c.name, c.value))
		cfg.Clock = mock
		require.Equal(t, c.want, mustFail(t, cfg).RetryAfter(), "%d %s %s", c.status, c.name, c.value)
	}
	cfg := config(always(429, "", "Retry-After", "7", "X-Retry-After", "59", "RateLimit-Reset", "60"))
	cfg.Clock = mock
	require.Equal(t, 7*time.Second, mustFail(t, cfg).RetryAfter(), "the standard one first")
}

func TestF7_ARenegotiationThatIsNotAllowedNamesTheSetting(t *testing.T) {
	e := mustFail(t, config(failing(fmt.Errorf("local error: tls: no renegotiation"))))
	require.True(t, e.Permanent())
	require.Contains(t, e.Hint, "set TokenRequest.Renegotiation")
}

// Time-outs name the setting that bounds them.
func TestF9_ATimeoutNamesItsSetting(t *testing.T) {
	cfg := config(failing(context.DeadlineExceeded))
	cfg.TokenRequest.Timeout = time.Second
	e := mustFail(t, cfg)
	require.ErrorContains(t, e, "timed out: no complete response within the Timeout of 1s; if the server needs longer, raise TokenRequest.Timeout")
	require.Contains(t, e.HintWith(func(string) string { return "--timeout" }), "raise --timeout")
}

func BenchmarkErrorPage(b *testing.B) {
	for name, c := range map[string]struct {
		page   string
		header []string
	}{
		"64KiB":   {"<html>" + strings.Repeat(`<p class="x">100% &amp; more "it"</p>`, 1800), nil},
		"headers": {"", []string{"A", strings.Repeat("a%41 ", 2000), "B", strings.Repeat("&amp;x", 2000), "C", strings.Repeat(`\n"token":`, 2000)}},
	} {
		b.Run(name, func(b *testing.B) {
			f := newFetcher(b, config(always(500, c.page, c.header...)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = f.Fetch(context.Background())
			}
		})
	}
}

func BenchmarkFetch(b *testing.B) {
	for name, body := range map[string]string{"token": good, "80000members": manyMembers()} {
		b.Run(name, func(b *testing.B) {
			f := newFetcher(b, config(roundTripper(func(*http.Request) (*http.Response, error) { return reply(200, body), nil })))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Fetch(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
