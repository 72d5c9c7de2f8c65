package wire_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/wire"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	require.NoError(t, err)
	return u
}

func TestC7_PlainHTTP(t *testing.T) {
	for s, want := range map[string]bool{
		"https://example.com":           true,
		"HTTPS://example.com":           true,
		"http://example.com":            false,
		"http://localhost":              true,
		"http://LocalHost:8080/x":       true,
		"http://localhost.":             true,
		"http://api.localhost:1":        false,
		"http://api.localhost.":         false,
		"http://.localhost":             false,
		"http://notlocalhost":           false,
		"http://localhost.example.com":  false,
		"http://127.0.0.1":              true,
		"http://127.255.1.2:80":         true,
		"http://127.0.0.1.example.com":  false,
		"http://128.0.0.1":              false,
		"http://10.0.0.1":               false,
		"http://0.0.0.0":                false,
		"http://127.1":                  false,
		"http://[::1]:9000":             true,
		"http://[::ffff:127.0.0.1]":     true,
		"http://[::2]":                  false,
		"http://[fe80::1]":              false,
		"http://user@localhost":         true,
		"http://localhost@example.com/": false,
		"http:localhost":                false,
		"http://:80":                    false,
		"ftp://localhost":               false,
		"//localhost":                   false,
		"":                              false,
	} {
		require.Equal(t, want, wire.PlainHTTPAllowed(parse(t, s), nil), "%q", s)
	}
	require.False(t, wire.PlainHTTPAllowed(nil, []string{"*"}))
	require.True(t, wire.PlainHTTPAllowed(&url.URL{Scheme: "Https", Host: "h"}, nil))
}

func TestC7_PlainHTTPAllowedByName(t *testing.T) {
	for _, c := range []struct {
		url   string
		allow string
		want  bool
	}{
		{"http://idp.internal/token", "idp.internal", true},
		{"http://IDP.internal:8080", "idp.INTERNAL", true},
		{"http://idp.internal:8080", "idp.internal:8080", true},
		{"http://idp.internal:8081", "idp.internal:8080", false},
		{"http://idp.internal", "idp.internal:80", true},
		{"http://idp.internal:80", "idp.internal:80", true},
		{"http://idp.internal.", "idp.internal", true},
		{"http://idp.internal", "idp.internal.", true},
		{"http://x.idp.internal", "idp.internal", false},
		{"http://idp.internal.evil.com", "idp.internal", false},
		{"http://anything", "*", true},
		{"ftp://anything", "*", false},
		{"http://x.internal", "*.internal", false},
		{"http://[fd00::1]:8080", "fd00::1", true},
		{"http://[fd00::1]:8080", "[fd00::1]", true},
		{"http://[fd00::1]:8080", "[FD00::1]:8080", true},
		{"http://[fd00::1]:8080", "[fd00::1]:80", false},
		{"http://[fd00::1]:8080", "[fd00::1", false},
		{"http://idp.internal", "", false},
	} {
		require.Equal(t, c.want, wire.PlainHTTPAllowed(parse(t, c.url), []string{"other", c.allow}), "%q allowing %q", c.url, c.allow)
	}
}

func TestC7_HostEntries(t *testing.T) {
	for _, s := range []string{"*", "h", "h.example.com", "h:80", "10.0.0.1:8080", "fd00::1", "[fd00::1]", "[fd00::1]:80", "h."} {
		require.True(t, wire.ValidHostEntry(s), "%q", s)
	}
	for _, s := range []string{"", ":80", "h:", "http://h", "h/path", "*.h", "u@h", "h:http", "[fd00::1", "[fd00::1]x", "a:b:c", "a b"} {
		require.False(t, wire.ValidHostEntry(s), "%q", s)
	}
}

func TestC7_AskingCostsNoAllocation(t *testing.T) {
	allow := []string{"one.internal", "two.internal:8080"}
	for _, s := range []string{
		"https://example.com/x", "http://127.0.0.1:8080", "http://[::1]:8080",
		"http://localhost:1", "http://two.internal:8080",
	} {
		u := parse(t, s)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if !wire.PlainHTTPAllowed(u, allow) {
				t.Fatal("refused: " + s)
			}
		}), s)
	}
}
