package fetcher_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/keys"
)

const issuer = "https://idp.example.com/tenant"

// issuing is an authorization server in memory: paths to answers, and what was asked for.
type issuing struct {
	answers map[string]*http.Response
	asked   []string
	down    bool
}

func (s *issuing) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, r.Method+" "+r.URL.String())
	if s.down {
		return nil, http.ErrServerClosed
	}
	if resp, ok := s.answers[r.URL.Path]; ok {
		text := new(strings.Builder)
		_, _ = copyAll(text, resp.Body)
		resp.Body = reply(200, text.String()).Body
		answered := *resp
		answered.Body = reply(200, text.String()).Body
		return &answered, nil
	}
	return reply(404, "not here"), nil
}

const (
	oauthPath  = "/.well-known/oauth-authorization-server/tenant"
	openIDPath = "/tenant/.well-known/openid-configuration"
)

// document is metadata with some members changed; a nil one is removed.
func document(changes map[string]any) string {
	all := map[string]any{
		"issuer": issuer, "token_endpoint": "https://login.example.com/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "private_key_jwt", "tls_client_auth"},
		"response_types_supported":              []string{"code"},
	}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	text, _ := json.Marshal(all)
	return string(text)
}

func issuingAt(path, metadata string) *issuing {
	return &issuing{answers: map[string]*http.Response{path: reply(200, metadata), "/token": reply(200, good)}}
}

func discovering(s *issuing) fetcher.Config {
	cfg := config(s)
	cfg.TokenURL, cfg.Issuer = "", issuer
	return cfg
}

func TestF1_TheIssuerTellsItsTokenEndpoint(t *testing.T) {
	for path, asked := range map[string][]string{
		oauthPath:  {"GET https://idp.example.com" + oauthPath, "POST https://login.example.com/token"},
		openIDPath: {"GET https://idp.example.com" + oauthPath, "GET https://idp.example.com" + openIDPath, "POST https://login.example.com/token"},
	} {
		s := issuingAt(path, document(nil))
		mustFetch(t, discovering(s))
		require.Equal(t, asked, s.asked)
	}
	// An issuer without a path, whose slash is part of it.
	s := issuingAt("/.well-known/oauth-authorization-server", document(map[string]any{"issuer": "https://idp.example.com/"}))
	cfg := discovering(s)
	cfg.Issuer = "https://idp.example.com/"
	mustFetch(t, cfg)
}

// A server that answers everything with a page, or fails where it has nothing, still has its document elsewhere.
func TestF1_WhatIsNoMetadataIsPassedOver(t *testing.T) {
	for _, first := range []*http.Response{
		reply(200, "<html>welcome</html>"), reply(500, "oops"), reply(302, "", "Location", "https://elsewhere.example.com/"),
		reply(200, document(map[string]any{"issuer": "https://other.example.com"})),
	} {
		s := issuingAt(openIDPath, document(nil))
		s.answers[oauthPath] = first
		mustFetch(t, discovering(s))
	}
}

func TestF1_MetadataAreKeptAndReadAgain(t *testing.T) {
	mock := clock.NewMock()
	s := issuingAt(oauthPath, document(nil))
	cfg := discovering(s)
	cfg.Clock = mock
	f := newFetcher(t, cfg)
	reads := func() (n int) {
		for _, asked := range s.asked {
			if strings.HasPrefix(asked, "GET") {
				n++
			}
		}
		return n
	}
	fetch := func() error { _, err := f.Fetch(context.Background()); return err }
	for range 3 {
		require.NoError(t, fetch())
	}
	require.Equal(t, 1, reads())
	mock.Add(time.Hour)
	s.answers[oauthPath] = reply(200, document(map[string]any{"token_endpoint": "https://moved.example.com/token"}))
	require.NoError(t, fetch())
	require.Equal(t, 2, reads())
	require.Equal(t, "POST https://moved.example.com/token", s.asked[len(s.asked)-1])

	// A failure that an outdated address would explain, and not more than once a minute.
	s.answers["/token"] = reply(404, "gone")
	for range 3 {
		require.Error(t, fetch())
	}
	require.Equal(t, 2, reads())
	mock.Add(time.Minute)
	for range 3 {
		require.Error(t, fetch())
	}
	require.Equal(t, 3, reads())

	// While the issuer is away, what it said before holds.
	s.answers["/token"] = reply(200, good)
	delete(s.answers, oauthPath)
	mock.Add(2 * time.Hour)
	for range 3 {
		require.NoError(t, fetch())
	}
	require.Equal(t, 5, reads(), "both places once")
	mock.Add(time.Minute)
	require.NoError(t, fetch())
	require.Equal(t, 7, reads())
}

// M8 and M9 decide about such a failure as about any other.
func TestF1_AnOutageOfTheIssuerIsAnOrdinaryOutage(t *testing.T) {
	s := issuingAt(oauthPath, document(nil))
	s.down = true
	cfg := discovering(s)
	f := newFetcher(t, cfg)
	_, err := f.Fetch(context.Background())
	e := requireError(t, nil, err)
	require.False(t, e.Permanent())
	require.Len(t, s.asked, 1)
	s.answers[oauthPath], s.down = reply(503, "", "Retry-After", "7"), false
	_, err = f.Fetch(context.Background())
	e = requireError(t, nil, err)
	require.False(t, e.Permanent())
	require.Equal(t, 7*time.Second, e.RetryAfter())
	s.answers[oauthPath] = reply(200, document(nil))
	_, err = f.Fetch(context.Background())
	require.NoError(t, err)
}

func TestF1_HostileMetadata(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for name, c := range map[string]struct {
		metadata, want string
		permanent      bool
	}{
		"another issuer":   {document(map[string]any{"issuer": "https://evil.example.com"}), `it is that of another issuer, "https://evil.example.com"`, true},
		"a slash too many": {document(map[string]any{"issuer": issuer + "/"}), `set Issuer to "` + issuer + `/": they must be equal to the last character`, true},
		"an endless one":   {document(map[string]any{"issuer": strings.Repeat("\x1b", 100_000)}), "it is that of another issuer", true},
		"no issuer":        {document(map[string]any{"issuer": nil}), "there is no issuer in it", true},
		"issuer a number":  {document(map[string]any{"issuer": 7}), "there is no issuer in it", true},
		"plain http":       {document(map[string]any{"token_endpoint": "http://login.example.com/token"}), `list "login.example.com" in AllowHTTP`, true},
		"no endpoint":      {document(map[string]any{"token_endpoint": nil}), "there is no token_endpoint in it", true},
		"a relative one":   {document(map[string]any{"token_endpoint": "/token"}), "not an address of a token endpoint", true},
		"a password in it": {document(map[string]any{"token_endpoint": "https://u:hidden@h/"}), "not an address of a token endpoint", true},
		"file":             {document(map[string]any{"token_endpoint": "file:///etc/passwd"}), "not an address of a token endpoint", true},
		"another method":   {document(map[string]any{"token_endpoint_auth_methods_supported": []string{"tls_client_auth"}}), "the server does not take client_secret_basic, but tls_client_auth", true},
		"no method":        {document(map[string]any{"token_endpoint_auth_methods_supported": []string{}}), "the server does not take client_secret_basic, but none", true},
		"methods a string": {document(map[string]any{"token_endpoint_auth_methods_supported": "client_secret_basic"}), "is not a list of strings", true},
		"2 MiB":            {document(map[string]any{"x": strings.Repeat("x", 2<<20)}), "answer too large: more than 1 MiB", false},
		"deeply nested":    {`{"issuer":"` + issuer + `","x":` + deep + `}`, "metadata: malformed answer: it is not valid JSON", false},
		"two issuers":      {strings.Replace(document(nil), "{", `{"issuer":"https://evil.example.com",`, 1), `"issuer" is there twice`, false},
		"two documents":    {document(nil) + document(nil), "something follows the JSON object", false},
		"a list":           {"[" + document(nil) + "]", "it is not a JSON object", false},
		"empty":            {"", "it is empty", false},
		"truncated":        {document(nil)[:50], "it is not valid JSON", false},
	} {
		s := issuingAt(oauthPath, c.metadata)
		e := mustFail(t, discovering(s))
		require.ErrorContains(t, e, c.want, name)
		require.Equal(t, c.permanent, e.Permanent(), name)
		require.Equal(t, c.want != "answer too large: more than 1 MiB", errors.Is(e, fetcher.ErrMetadata), name)
		require.NotContains(t, strings.Join(s.asked, " "), "POST", name)
		require.NotContains(t, everything(t, e), "hidden", name)
		requirePresentable(t, e)
		require.Less(t, len(e.Error()), 4<<10, name)
	}
}

func TestF1_AnIssuerWithoutMetadata(t *testing.T) {
	e := mustFail(t, discovering(&issuing{}))
	require.ErrorContains(t, e, "404 Not Found; there is no metadata, nor where OpenID Connect puts it: is it the right Issuer? If it has none, set TokenURL")
	require.True(t, e.Permanent())
}

func TestF1_MethodsAndAlgorithmsAreHeldAgainstTheMetadata(t *testing.T) {
	lists := map[string]any{
		"token_endpoint_auth_signing_alg_values_supported": []string{"RS256"},
		"dpop_signing_alg_values_supported":                []string{"ES512"},
	}
	cfg, _ := signing(t, issuingAt(oauthPath, document(lists)))
	cfg.TokenURL, cfg.Issuer, cfg.Assertion.Algorithm = "", issuer, "ES256"
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no assertion signed with ES256, but with RS256; choose an Assertion.Algorithm, or a key, that the server has")
	cfg = discovering(issuingAt(oauthPath, document(lists)))
	cfg.DPoP = &dpop.Prover{Algorithm: "ES256"}
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no DPoP proof signed with ES256, but with ES512; choose a DPoP.Algorithm, or a DPoP.Key, that the server has")
	// A list that is not there says nothing.
	mustFetch(t, discovering(issuingAt(oauthPath, document(map[string]any{"token_endpoint_auth_methods_supported": nil}))))
}

func TestF1_TheAudienceOfAnAssertion(t *testing.T) {
	for audience, want := range map[string]string{
		"": "https://login.example.com/token", fetcher.AudienceIssuer: issuer, fetcher.AudienceTokenEndpoint: "https://login.example.com/token", "urn:x": "urn:x",
	} {
		var got any
		s := issuingAt(oauthPath, document(nil))
		cfg, key := signing(t, nil)
		cfg.TokenURL, cfg.Issuer, cfg.Assertion.Audience = "", issuer, audience
		cfg.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				form, err := readForm(r)
				require.NoError(t, err)
				_, payload := claims(t, form.Get("client_assertion"), publicOf(t, key))
				got = payload["aud"]
			}
			return s.RoundTrip(r)
		})
		mustFetch(t, cfg)
		require.Equal(t, want, got)
	}
}

// RFC 8705 section 5: the endpoint that asks for certificates may be another one.
func TestF1_TheAliasForMutualTLS(t *testing.T) {
	authority := certtest.New(t)
	var server *recorder
	server = serveMutualTLS(t, authority, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.well-known/") {
			fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q,"mtls_endpoint_aliases":{"token_endpoint":%q}}`,
				server.URL, server.URL+"/plain", server.URL+"/mutual")
			return
		}
		answer(200, good)(w, r)
	})
	for path, certificate := range map[string]fetcher.CertificateFunc{
		"/mutual": fetcher.Certificate(authority.Issue(t, "client")), "/plain": nil,
	} {
		cfg := mutualTLS(authority, server, fetcher.Basic)
		cfg.TokenURL, cfg.Issuer, cfg.ClientSecret, cfg.Certificate = "", server.URL, fetcher.Secret(secret), certificate
		f := newFetcher(t, cfg)
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
		require.Equal(t, path, server.requests[len(server.requests)-1].URL.Path)
		found, err := f.Metadata(context.Background())
		require.NoError(t, err)
		require.Equal(t, server.URL+path, found.TokenEndpoint)
	}
}

func TestF1_MetadataTellWhatTheServerCan(t *testing.T) {
	s := issuingAt(oauthPath, document(map[string]any{"scopes_supported": []string{"a"}, "jwks_uri": "https://h/jwks"}))
	f := newFetcher(t, discovering(s))
	found, err := f.Metadata(context.Background())
	require.NoError(t, err)
	require.Equal(t, &fetcher.Metadata{
		Issuer: issuer, TokenEndpoint: "https://login.example.com/token", Scopes: []string{"a"}, JWKS: "https://h/jwks",
		AuthMethods: []string{"client_secret_basic", "private_key_jwt", "tls_client_auth"},
	}, found)
	_, err = newFetcher(t, config(s)).Metadata(context.Background())
	require.ErrorContains(t, err, "there is no Issuer whose metadata could be read: TokenURL is set")
	s.down = true
	_, err = f.Metadata(context.Background())
	require.ErrorIs(t, err, http.ErrServerClosed)
}

func TestF1_AnIssuerThatCannotBeOne(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://h/?q":      "Issuer: has a query, which RFC 8414 section 2 forbids",
		"https://h/#f":      "Issuer: has a fragment",
		"http://h.example/": "Issuer: plain http would send the client secret in the clear",
		"h.example":         "Issuer: neither https nor http, or without a host",
		"https://u:p@h/":    "Issuer: holds user information",
	} {
		cfg := config(nil)
		cfg.TokenURL, cfg.Issuer = "", issuer
		require.ErrorContains(t, cfg.Validate(), want)
	}
	cfg := config(nil)
	cfg.Issuer = "https://h"
	require.ErrorContains(t, cfg.Validate(), "Issuer: excluded by TokenURL")
	cfg.Issuer, cfg.AuthStyle, cfg.Assertion.Audience = "", fetcher.SecretJWT, fetcher.AudienceIssuer
	require.ErrorContains(t, cfg.Validate(), "Assertion.Audience: there is no Issuer to name")
}

// FuzzF1_Metadata has an issuer say anything: it is understood as it should be, or is a clear error.
func FuzzF1_Metadata(f *testing.F) {
	f.Add(document(nil))
	f.Add(document(map[string]any{"mtls_endpoint_aliases": map[string]any{"token_endpoint": "http://h"}}))
	f.Add(document(map[string]any{"token_endpoint_auth_methods_supported": []any{nil, 1}}))
	f.Add(`{"issuer":"` + issuer + `","token_endpoint":"https://h?#"}`)
	f.Add(`{"issuer":null,"token_endpoint":null}`)
	f.Fuzz(func(t *testing.T, metadata string) {
		s := issuingAt(oauthPath, metadata)
		fetch := newFetcher(t, discovering(s))
		found, err := fetch.Metadata(context.Background())
		if err != nil {
			requirePresentable(t, requireError(t, nil, err))
			return
		}
		var plain map[string]any
		require.NoError(t, json.Unmarshal([]byte(metadata), &plain))
		require.Equal(t, issuer, found.Issuer)
		require.Equal(t, plain["token_endpoint"], found.TokenEndpoint)
		require.True(t, strings.HasPrefix(strings.ToLower(found.TokenEndpoint), "http"), found.TokenEndpoint)
	})
}

func TestF1_MetadataAreReadAgainAfterFailuresThatTheyMayExplain(t *testing.T) {
	for name, c := range map[string]struct {
		answer *http.Response
		err    error
		again  bool
	}{
		"redirect":       {reply(301, "", "Location", "https://new.example.com/token"), nil, true},
		"invalid_client": {reply(401, `{"error":"invalid_client"}`), nil, true},
		"no connection":  {nil, errors.New("connection refused"), true},
		"gone":           {reply(410, ""), nil, true},
		"method":         {reply(405, ""), nil, true},
		"overload":       {reply(503, ""), nil, false},
		"scope":          {reply(400, `{"error":"invalid_scope"}`), nil, false},
	} {
		s := issuingAt(oauthPath, document(nil))
		cfg := discovering(s)
		fail := false
		cfg.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if fail && r.Method == http.MethodPost {
				s.asked = append(s.asked, "POST")
				return c.answer, c.err
			}
			return s.RoundTrip(r)
		})
		mock := clock.NewMock()
		cfg.Clock = mock
		f := newFetcher(t, cfg)
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
		fail = true
		_, err = f.Fetch(context.Background())
		require.Error(t, err)
		before := len(s.asked)
		mock.Add(time.Minute)
		fail = false
		_, err = f.Fetch(context.Background())
		require.NoError(t, err)
		require.Len(t, s.asked, before+map[bool]int{true: 2, false: 1}[c.again], name)
	}
}

func TestF1_MetadataAfterTheClockWasSteppedBack(t *testing.T) {
	s := issuingAt(oauthPath, document(nil))
	cfg := discovering(s)
	mock := clock.NewMock()
	mock.Set(cfgNow)
	cfg.Clock = mock
	f := newFetcher(t, cfg)
	for range 2 {
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
		mock.Set(mock.Now().Add(-24 * time.Hour))
	}
	require.Len(t, s.asked, 4)
}

func TestF1_HeaderIsNotSentToTheIssuer(t *testing.T) {
	s := issuingAt(oauthPath, document(nil))
	cfg := discovering(s)
	cfg.Header = http.Header{"X-Api-Key": {"k"}}
	cfg.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		require.Equal(t, r.Method == http.MethodPost, r.Header.Get("X-Api-Key") != "", r.Method)
		require.Equal(t, "application/json", r.Header.Get("Accept"))
		return s.RoundTrip(r)
	})
	mustFetch(t, cfg)
}

func TestM9_AnIssuerThatIsOverloadedHasMetadata(t *testing.T) {
	for name, statuses := range map[string][2]int{"both": {503, 503}, "RFC 8414's": {503, 404}, "OpenID's": {404, 503}} {
		cfg := discovering(issuingAt(oauthPath, ""))
		cfg.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == oauthPath {
				return reply(statuses[0], ""), nil
			}
			return reply(statuses[1], ""), nil
		})
		e := mustFail(t, cfg)
		require.Equal(t, 503, e.Status, name)
		require.False(t, e.Permanent(), name)
		require.Empty(t, e.Hint, name)
	}
}

func TestF1_TokenEndpointsThatCannotBeOnes(t *testing.T) {
	for _, address := range []string{"ftp://h/token", "//h/token", "https:///token", "https://u:p@h/token", "https://h/token#f", "http://h.example/token"} {
		e := mustFail(t, discovering(issuingAt(oauthPath, document(map[string]any{"token_endpoint": address}))))
		require.ErrorContains(t, e, "its token_endpoint", address)
		require.True(t, e.Permanent())
	}
}

func TestM19_TheQueryOfAnIssuerIsNotPrinted(t *testing.T) {
	cfg := fetcher.Config{Issuer: "https://u:SESAME@h/x?k=SESAME"}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), "SESAME")
}

func TestF1_WhatAnIssuerSaysIsBoundedInErrors(t *testing.T) {
	s := issuingAt(oauthPath, document(map[string]any{"token_endpoint": "https://a\u202eb.example.com/" + strings.Repeat("x", 300<<10)}))
	e := mustFail(t, discovering(s))
	require.Less(t, len(e.Error()), 8<<10)
	require.NotContains(t, e.Error(), "\u202e")
}

func TestF1_AnIssuerThatHangsDoesNotStopTokens(t *testing.T) {
	s := issuingAt(oauthPath, document(nil))
	hang := false
	cfg := discovering(s)
	cfg.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if hang && r.Method == "GET" {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return s.RoundTrip(r)
	})
	mock := clock.NewMock()
	cfg.Clock = mock
	f := newFetcher(t, cfg)
	_, err := f.Fetch(context.Background())
	require.NoError(t, err)
	hang = true
	mock.Add(time.Hour)
	var last error
	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		_, last = f.Fetch(ctx)
		cancel()
	}
	require.NoError(t, last, "what it said before holds; the token endpoint is fine")
}

func TestF1_AListThatIsNoneIsNotNoMetadata(t *testing.T) {
	s := issuingAt(oauthPath, document(map[string]any{"grant_types_supported": "client_credentials"}))
	e := mustFail(t, discovering(s))
	require.NotContains(t, e.Hint, "there is no metadata")
}

func TestF1_HintsWithAnIssuer(t *testing.T) {
	s := issuingAt(oauthPath, document(nil))
	delete(s.answers, "/token")
	e := mustFail(t, discovering(s))
	require.NotContains(t, e.Hint, "TokenURL the token endpoint")
}

func TestM19_AHintAboutForeignTextIsCleaned(t *testing.T) {
	cfg := discovering(issuingAt(oauthPath, document(map[string]any{"token_endpoint": "http://s3same.example/"})))
	cfg.ClientSecret = fetcher.Secret("s3same")
	require.NotContains(t, everything(t, mustFail(t, cfg)), "s3same")
}

// The request for metadata holds no secret: it may be redirected, if not to somewhere else.
func TestF2_RedirectsOfTheMetadata(t *testing.T) {
	s := issuingAt("/moved", document(nil))
	s.answers[oauthPath] = reply(301, "", "Location", "/moved")
	mustFetch(t, discovering(s))
	for _, elsewhere := range []string{"https://elsewhere.example.com/moved", "http://idp.example.com/moved", "https://idp.example.com:8443/moved"} {
		s := issuingAt("/moved", document(nil))
		s.answers[oauthPath] = reply(302, "", "Location", elsewhere)
		e := mustFail(t, discovering(s))
		require.ErrorContains(t, e, "a redirect to ")
		require.Equal(t, "metadata are read within the issuer's origin: set Issuer to what it calls itself", e.Hint)
		for _, asked := range s.asked {
			require.NotContains(t, asked, "moved")
		}
	}
	s = issuingAt(oauthPath, "")
	s.answers[oauthPath] = reply(302, "", "Location", oauthPath)
	mustFail(t, discovering(s))
	require.Len(t, s.asked, 1+3+1, "a loop ends; the other place is tried")
}

// What the key itself would sign with is held against the lists as well.
func TestF1_AKeySignsWithWhatTheServerTakes(t *testing.T) {
	lists := map[string]any{"token_endpoint_auth_signing_alg_values_supported": []string{"none", "PS256", "RS512"}}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	key, err := keys.New(private, "", "")
	require.NoError(t, err)
	var used string
	s := issuingAt(oauthPath, document(lists))
	cfg, ec := signing(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			form, err := readForm(r)
			require.NoError(t, err)
			parsed, err := jose.ParseSignedCompact(form.Get("client_assertion"), []jose.SignatureAlgorithm{"PS256", "RS512", "RS256"})
			require.NoError(t, err)
			used = parsed.Signatures[0].Protected.Algorithm
		}
		return s.RoundTrip(r)
	}))
	cfg.TokenURL, cfg.Issuer, cfg.Assertion.Key = "", issuer, keys.Of(key)
	mustFetch(t, cfg)
	require.Equal(t, "PS256", used)
	cfg.Assertion.Key = keys.Of(ec)
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no assertion signed with ES256, but with none, PS256, RS512")
	cfg.Assertion.Key, cfg.AuthStyle, cfg.ClientSecret = nil, fetcher.SecretJWT, fetcher.Secret(longSecret)
	s.answers[oauthPath] = reply(200, document(map[string]any{
		"token_endpoint_auth_methods_supported": nil, "token_endpoint_auth_signing_alg_values_supported": []string{"HS512"},
	}))
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no assertion signed with HS256, but with HS512")
	cfg = discovering(issuingAt(oauthPath, document(map[string]any{"dpop_signing_alg_values_supported": []string{"EdDSA"}})))
	cfg.DPoP = new(dpop.Prover)
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no DPoP proof signed with ES256, but with EdDSA")
}
