package routing_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
)

// About where a request came from, by standard and by custom.
var origins = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Prefix",
	"X-Forwarded-Later", "X-Real-Ip", "X-Original-Url", "X-Rewrite-Url", "X-Original-Host",
}

// Of this connection, and for this proxy alone. Proxy would become HTTP_PROXY for a CGI program (httpoxy).
var never = []string{
	"Proxy-Authorization", "Proxy-Authenticate", "Proxy-Connection", "Keep-Alive", "Http2-Settings", "Alf-Caller-Secret", "Proxy", "Upgrade", "Connection",
}

// Of no concern to the proxy.
var ordinary = []string{
	"Accept", "Content-Type", "Content-Encoding", "User-Agent", "X-Request-Id", "Traceparent", "Te", "Range", "Origin", "X-My_own", "Api_key", "If-Match",
}

// Servers that hand headers on as variables cannot distinguish these from others, which the proxy has removed or set.
var disguised = []string{
	"X_forwarded_for", "X-Forwarded_for", "X_real-Ip", "Content_length", "Transfer_encoding", "Proxy_authorization", "Alf_caller_secret", "Alf.caller.secret",
	"X.Forwarded.For", "Content_type", "X_original_url", "X~Rewrite~Url", "If_match", "Sec_websocket_key",
}

func headerOf(lists ...[]string) http.Header {
	h := make(http.Header)
	for _, name := range slices.Concat(lists...) {
		h[name] = []string{"a value", "another"}
	}
	return h
}

func TestX2_WhatGoesOnToTheUpstream(t *testing.T) {
	for _, cookies := range []routing.Policy{routing.Drop, routing.Pass} {
		for _, forwarded := range []routing.Policy{routing.Drop, routing.Append, routing.Pass} {
			for _, websocket := range []bool{false, true} {
				policy := routing.Headers{Cookies: cookies, Forwarded: forwarded}
				want := headerOf(ordinary)
				if cookies == routing.Pass {
					want["Cookie"] = []string{"a value", "another"}
				}
				switch forwarded {
				case routing.Append: // the others cannot be appended to
					for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
						want[name] = []string{"a value", "another"}
					}
				case routing.Pass:
					maps.Copy(want, headerOf(origins))
				}
				if websocket {
					maps.Copy(want, headerOf([]string{"Upgrade", "Connection"}))
				}
				got := headerOf(origins, never, ordinary, disguised, []string{"Cookie"})
				policy.Outgoing(got, websocket)
				require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)), "%+v, websocket: %v", policy, websocket)
				require.Equal(t, want, got)
			}
		}
	}
	var unset routing.Headers
	got := headerOf([]string{"Cookie", "X-Forwarded-For"})
	unset.Outgoing(got, false)
	require.Empty(t, got, "a policy that was not set is the strictest")
}

func TestX2_WhatComesBackToTheCaller(t *testing.T) {
	for _, cookies := range []routing.Policy{routing.Drop, routing.Pass} {
		policy := routing.Headers{Cookies: cookies}
		got := headerOf([]string{"Set-Cookie", "Alf-Error", "Www-Authenticate", "Content-Type", "Etag"})
		policy.Incoming(got)
		want := []string{"Content-Type", "Etag", "Www-Authenticate"}
		if cookies == routing.Pass {
			want = []string{"Content-Type", "Etag", "Set-Cookie", "Www-Authenticate"}
		}
		require.Equal(t, want, slices.Sorted(maps.Keys(got)))
	}
}

// RFC 9110 section 6.5.1, and the list that RFC 7230 section 4.1.2 had of the same.
func TestX2_WhatMayBeInATrailer(t *testing.T) {
	forbidden := slices.Concat(origins, never, disguised, []string{
		"Transfer-Encoding", "Content-Length", "Trailer", "Te", // framing
		"Host",                                                                                                                     // routing
		"Cache-Control", "Expect", "Max-Forwards", "Pragma", "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Range", // controls, conditionals
		"Authorization", "Www-Authenticate", "Cookie", "Set-Cookie", "Dpop", // credentials
		"Age", "Expires", "Date", "Location", "Retry-After", "Vary", "Warning", // control data
		"Content-Encoding", "Content-Type", "Content-Range", // the content's form
		"Sec-Websocket-Key", "Sec-Fetch-Mode",
	})
	for _, name := range forbidden {
		for _, spelling := range []string{name, strings.ToLower(name), strings.ToUpper(name), strings.ReplaceAll(name, "-", "_")} {
			require.False(t, routing.MayTrail(spelling), spelling)
		}
	}
	for _, name := range []string{"Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin", "X-Checksum", "Digest", "Server-Timing", "my_own", "Etag", "Ifx"} {
		require.True(t, routing.MayTrail(name), name)
	}
}

func TestX2_PoliciesHaveNames(t *testing.T) {
	for _, p := range []routing.Policy{routing.Refuse, routing.Drop, routing.Replace, routing.Append, routing.Pass} {
		var read routing.Policy
		require.NoError(t, read.UnmarshalText([]byte(p.String())))
		require.Equal(t, p, read)
	}
	var p routing.Policy
	require.ErrorContains(t, p.UnmarshalText([]byte("keep")), `"keep" is no policy: use refuse, drop, replace, append, pass`)
	require.Equal(t, "Policy(9)", fmt.Sprint(routing.Policy(9)))
}
