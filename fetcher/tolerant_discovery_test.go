package fetcher_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// All locations that servers use for the issuer of these tests, in the order in which they are requested.
var locations = []string{
	oauthPath, openIDPath,
	"/.well-known/openid-configuration/tenant", "/tenant/.well-known/oauth-authorization-server",
}

func TestF8_EveryFormOfTheLocationIsTried(t *testing.T) {
	for i, path := range locations {
		s := issuingAt(path, document(nil))
		mustFetch(t, discovering(s))
		require.Len(t, s.asked, i+1+1, path)
	}
	// Without a path there are two.
	s := &issuing{}
	cfg := discovering(s)
	cfg.Issuer = "https://idp.example.com"
	mustFail(t, cfg)
	require.Equal(t, []string{
		"GET https://idp.example.com/.well-known/oauth-authorization-server", "GET https://idp.example.com/.well-known/openid-configuration",
	}, s.asked)
}

// Whatever one location does, the next one is requested.
func TestF8_ALocationThatFailsDoesNotKeepTheNextOneFromBeingRequested(t *testing.T) {
	for name, fail := range map[string]roundTripper{
		"reset":          failing(&net.OpError{Op: "read", Net: "tcp", Err: errReset}),
		"end of file":    failing(http.ErrServerClosed),
		"a page":         always(200, "<html>welcome</html>"),
		"empty":          always(200, ""),
		"a list":         always(200, "[]"),
		"another issuer": always(200, document(map[string]any{"issuer": "https://other.example.com"})),
		"no endpoint":    always(200, document(map[string]any{"token_endpoint": nil})),
		"broken off":     always(200, document(nil)[:40]),
		"too large":      always(200, strings.Repeat(" ", 2<<20)),
		"500":            always(500, "oops"),
		"401":            always(401, ""),
		"elsewhere":      always(302, "", "Location", "https://elsewhere.example.com/"),
		"nothing of it":  always(204, ""),
	} {
		for i := range locations[1:] {
			s := issuingAt(locations[i+1], document(nil))
			cfg := discovering(s)
			cfg.TokenRequest.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				for _, before := range locations[:i+1] {
					if r.URL.Path == before {
						return fail(r)
					}
				}
				return s.RoundTrip(r)
			})
			require.Equal(t, "tok-1", mustFetch(t, cfg).AccessToken, "%s, %d", name, i)
		}
	}
}

func TestF8_ALocationThatHangsDoesNotUseUpTheAttempt(t *testing.T) {
	for hanging := 1; hanging < len(locations); hanging++ {
		synctest.Test(t, func(t *testing.T) {
			s := issuingAt(locations[hanging], document(nil))
			var mu sync.Mutex
			cfg := discovering(s)
			cfg.TokenRequest.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				for _, before := range locations[:hanging] {
					if r.URL.Path == before {
						return stuck(r)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				return s.RoundTrip(r)
			})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			start := time.Now()
			_, err := newFetcher(t, cfg).Fetch(ctx)
			require.NoError(t, err)
			require.LessOrEqual(t, time.Since(start), 3*time.Second)
		})
	}
}

// An issuer that is slow everywhere is not given up for another location.
func TestF8_ASlowIssuerIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuingAt(oauthPath, document(nil))
		var mu sync.Mutex
		cfg := discovering(s)
		cfg.TokenRequest.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(3500 * time.Millisecond):
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			mu.Lock()
			defer mu.Unlock()
			return s.RoundTrip(r)
		})
		_, err := newFetcher(t, cfg).Fetch(t.Context())
		require.NoError(t, err)
	})
}

// A host that cannot be reached, or is not trusted, is the same for every location.
func TestF8_AHostThatCannotBeReachedIsRequestedOnce(t *testing.T) {
	for _, err := range []error{
		&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}, &net.DNSError{Err: "no such host", Name: "idp.example.com"},
	} {
		requests := 0
		cfg := discovering(nil)
		cfg.TokenRequest.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			requests++
			return nil, err
		})
		e := mustFail(t, cfg)
		require.Equal(t, 1, requests)
		require.False(t, e.Permanent())
	}
}

func TestF8_MembersThatDecideNothingSpoilNoDocument(t *testing.T) {
	for name, text := range map[string]string{
		"a byte order mark":   "\ufeff" + document(nil),
		"white space as well": "\ufeff \r\n" + document(nil) + "\n",
		"scopes a string":     document(map[string]any{"scopes_supported": "openid profile"}),
		"scopes an object":    document(map[string]any{"scopes_supported": map[string]any{"openid": true}}),
		"scopes of all kinds": document(map[string]any{"scopes_supported": []any{"openid", nil, 7, map[string]any{"name": "x"}}}),
		"scopes a number":     document(map[string]any{"scopes_supported": 7}),
		"scopes twice":        strings.Replace(document(nil), "{", `{"scopes_supported":["a"],"scopes_supported":["b"],`, 1),
		"grants a string":     document(map[string]any{"grant_types_supported": "client_credentials"}),
		"keys a list":         document(map[string]any{"jwks_uri": []string{"https://idp.example.com/jwks"}}),
		"aliases a list":      document(map[string]any{"mtls_endpoint_aliases": []string{"x"}}),
		"algorithms a string": document(map[string]any{"token_endpoint_auth_signing_alg_values_supported": "RS256"}),
		"proofs a string":     document(map[string]any{"dpop_signing_alg_values_supported": "ES256"}),
	} {
		mustFetch(t, discovering(issuingAt(oauthPath, text)))
		found, err := newFetcher(t, discovering(issuingAt(oauthPath, text))).Metadata(t.Context())
		require.NoError(t, err, name)
		switch name {
		case "scopes a string":
			require.Equal(t, []string{"openid", "profile"}, found.Scopes)
		case "scopes of all kinds":
			require.Equal(t, []string{"openid"}, found.Scopes)
		}
	}
}

func TestF8_MistakenIssuersAreExplained(t *testing.T) {
	template := document(map[string]any{"issuer": "https://login.example.com/{tenantid}/v2.0"})
	for configured, c := range map[string]struct{ metadata, hint string }{
		"https://idp.example.com/common/v2.0": {
			template,
			`this document is for all tenants, and tokens come from one: set Issuer to "https://login.example.com/{tenantid}/v2.0" with the tenant's id in the place of {tenantid}`,
		},
		"https://idp.example.com/tenant/.well-known/openid-configuration": {
			"", `that is the address of the metadata, not of the issuer: set Issuer to "https://idp.example.com/tenant"`,
		},
		"https://idp.example.com/.well-known/oauth-authorization-server/tenant": {
			"", `that is the address of the metadata, not of the issuer: set Issuer to "https://idp.example.com/tenant"`,
		},
		"https://idp.example.com/.well-known/openid-configuration": {
			document(nil), `that is the address of the metadata, not of the issuer: set Issuer to "https://idp.example.com"`,
		},
	} {
		cfg := discovering(nil)
		cfg.Issuer = configured
		cfg.TokenRequest.Transport = always(404, "")
		if c.metadata != "" {
			cfg.TokenRequest.Transport = always(200, c.metadata)
		}
		e := mustFail(t, cfg)
		require.Equal(t, c.hint, e.Hint, configured)
		require.True(t, e.Permanent())
	}
}

// M15: what a transport does to its goroutine, it does to that of the attempt, where the manager expects it.
func TestM15_APanicWhileMetadataAreReadIsThatOfTheAttempt(t *testing.T) {
	cfg := discovering(nil)
	cfg.TokenRequest.Transport = roundTripper(func(*http.Request) (*http.Response, error) { panic("transport") })
	f := newFetcher(t, cfg)
	require.PanicsWithValue(t, "transport", func() { _, _ = f.Fetch(t.Context()) })
	cfg.TokenRequest.Transport = roundTripper(func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil })
	f = newFetcher(t, cfg)
	returned, done := false, make(chan struct{})
	go func() {
		defer close(done)
		_, _ = f.Fetch(t.Context())
		returned = true
	}()
	<-done
	require.False(t, returned)
}
