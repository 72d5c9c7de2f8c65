package fetcher_test

import (
	"crypto/x509"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
)

func TestSeed_ExactTokenPostAndBasicHeader(t *testing.T) {
	s := serve(t, respond(200, good))
	cfg := s.at()
	cfg.ClientID, cfg.ClientSecret = "id", fetcher.Secret("pw")
	mustFetch(t, cfg)

	require.Equal(t, 1, s.seen())
	r := s.requests[0]
	require.Equal(t, "POST", r.Method)
	require.Equal(t, "/token", r.RequestURI)
	require.Equal(t, "grant_type=client_credentials", s.bodies[0])
	require.Equal(t, int64(len(s.bodies[0])), r.ContentLength)
	require.Empty(t, r.TransferEncoding)
	require.Equal(t, []string{"Basic aWQ6cHc="}, r.Header["Authorization"])
	require.Equal(t, []string{"application/x-www-form-urlencoded"}, r.Header["Content-Type"])
	require.Equal(t, []string{"application/json"}, r.Header["Accept"])
}

func TestSeed_CredentialsWithReservedCharacters(t *testing.T) {
	const id, pw = "my app:7+é", `p&a=s%s/w o+r:d"é`
	for style, decode := range map[fetcher.AuthStyle]func(string) string{
		fetcher.Basic: func(s string) string {
			s, err := url.QueryUnescape(s)
			require.NoError(t, err)
			return s
		},
		fetcher.BasicRaw: func(s string) string { return s },
	} {
		t.Run(style.String(), func(t *testing.T) {
			id := id
			if style == fetcher.BasicRaw {
				id = strings.ReplaceAll(id, ":", ";")
			}
			s := serve(t, respond(200, good))
			cfg := s.at()
			cfg.ClientID, cfg.ClientSecret, cfg.AuthStyle = id, fetcher.Secret(pw), style
			mustFetch(t, cfg)
			user, pass, ok := s.requests[0].BasicAuth()
			require.True(t, ok)
			require.Equal(t, id, decode(user))
			require.Equal(t, pw, decode(pass))
			require.Equal(t, "grant_type=client_credentials", s.bodies[0])
		})
	}
}

func TestF1_BasicIsFormEncodedBeforeBase64(t *testing.T) {
	s := serve(t, respond(200, good))
	cfg := s.at()
	cfg.ClientID, cfg.ClientSecret = "a:b", fetcher.Secret("c d+e&é~")
	mustFetch(t, cfg)
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.requests[0].Header.Get("Authorization"), "Basic "))
	require.NoError(t, err)
	require.Equal(t, "a%3Ab:c+d%2Be%26%C3%A9~", string(raw))
}

func TestF1_PostSendsTheCredentialsInTheBodyAlone(t *testing.T) {
	s := serve(t, respond(200, good))
	cfg := s.at()
	cfg.AuthStyle = fetcher.Post
	f := newFetcher(t, cfg)
	for range 2 { // the second must not find the first's secret in shared state
		_, err := f.Fetch(t.Context())
		require.NoError(t, err)
	}
	for i, body := range s.bodies {
		form, err := url.ParseQuery(body)
		require.NoError(t, err)
		require.Equal(t, url.Values{
			"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret},
		}, form)
		require.NotContains(t, s.requests[i].Header, "Authorization")
	}
}

func TestF1_ScopesAudienceParamsAndHeader(t *testing.T) {
	s := serve(t, respond(200, good))
	cfg := s.at()
	cfg.TokenURL += "?tenant=7"
	cfg.Scopes = []string{"read", "write:all"}
	cfg.Audience = []string{"https://api.example.com", "b"}
	cfg.Params = url.Values{"tenant": {"r1", "r2"}}
	cfg.Resource = []string{"https://a.example.com/", "urn:b"}
	cfg.TokenRequest.Header = http.Header{"x-tenant": {"seven"}, "User-Agent": {"my-app/1"}}
	mustFetch(t, cfg)
	form, err := url.ParseQuery(s.bodies[0])
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"grant_type": {"client_credentials"}, "scope": {"read write:all"},
		"audience": {"https://api.example.com", "b"}, "tenant": {"r1", "r2"},
		"resource": {"https://a.example.com/", "urn:b"},
	}, form)
	require.Equal(t, "/token?tenant=7", s.requests[0].RequestURI)
	require.Equal(t, []string{"seven"}, s.requests[0].Header["X-Tenant"])
	require.Equal(t, "my-app/1", s.requests[0].UserAgent())
}

func TestF1_HeaderNamesAreCanonical(t *testing.T) {
	cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
		require.Equal(t, []string{"seven"}, r.Header["X-Tenant"])
		return reply(200, good), nil
	}))
	cfg.TokenRequest.Header = http.Header{"x-tenant": {"seven"}}
	mustFetch(t, cfg)
}

func TestF1_TheBodyCanBeSentAgainByTheTransport(t *testing.T) {
	var first, second string
	mustFetch(t, config(roundTripper(func(r *http.Request) (*http.Response, error) {
		require.NotNil(t, r.GetBody)
		again, err := r.GetBody()
		require.NoError(t, err)
		b1, _ := io.ReadAll(r.Body)
		b2, _ := io.ReadAll(again)
		first, second = string(b1), string(b2)
		require.Equal(t, int64(len(first)), r.ContentLength)
		return reply(200, good), nil
	})))
	require.NotEmpty(t, first)
	require.Equal(t, first, second)
}

// x/oauth2 tries the other style after a failure; without having been asked to.
func TestPeerDefect02_NoProbingOfTheAuthenticationStyle(t *testing.T) {
	for _, style := range []fetcher.AuthStyle{fetcher.Basic, fetcher.BasicRaw, fetcher.Post} {
		for _, status := range []int{400, 401, 500} {
			s := serve(t, respond(status, `{"error":"invalid_client"}`))
			cfg := s.at()
			cfg.AuthStyle = style
			mustFail(t, cfg)
			require.Equal(t, 1, s.seen(), "%v, %d", style, status)
		}
	}
}

func TestF1_TheConfigurationIsCopied(t *testing.T) {
	s := serveTLS(t, respond(200, with(`"scope":"a"`)))
	cfg := s.at()
	cfg.TokenRequest.TLS = trusting(s)
	cfg.Scopes, cfg.StrictScope, cfg.Audience = []string{"a"}, true, []string{"b"}
	cfg.Params, cfg.TokenRequest.Header = url.Values{"p": {"c"}}, http.Header{"X-H": {"d"}}
	f := newFetcher(t, cfg)
	cfg.Scopes[0], cfg.Audience[0], cfg.Params["p"][0], cfg.TokenRequest.Header["X-H"][0] = "!", "!", "!", "!"
	cfg.Params.Set("q", "!")
	cfg.TokenRequest.Header.Set("X-I", "!")
	cfg.TokenRequest.TLS.RootCAs = x509.NewCertPool()
	_, err := f.Fetch(t.Context())
	require.NoError(t, err)
	require.Equal(t, "audience=b&grant_type=client_credentials&p=c&scope=a", s.bodies[0])
	require.Equal(t, "d", s.requests[0].Header.Get("X-H"))
	require.NotContains(t, s.requests[0].Header, "X-I")
}

func TestF1_HintsAtTheOtherStyleForReservedCharacters(t *testing.T) {
	for _, c := range []struct {
		style    fetcher.AuthStyle
		id, pw   string
		has, not string
	}{
		{fetcher.Basic, "id", "a+b", "use AuthStyle client_secret_basic_raw", ""},
		{fetcher.Basic, "my id", "ab", "use AuthStyle client_secret_basic_raw", ""},
		{fetcher.Basic, "id", "ab", "client_secret_post", "reserved"},
		{fetcher.BasicRaw, "id", "a+b", "use AuthStyle client_secret_basic", "basic_raw"},
		{fetcher.BasicRaw, "id", "ab", "client_secret_post", "reserved"},
		{fetcher.Post, "id", "a+b", "want AuthStyle client_secret_basic", "reserved"},
	} {
		for _, rt := range []roundTripper{always(401, `{"error":"invalid_client"}`), always(400, `{"error":"invalid_client"}`), always(401, "")} {
			cfg := config(rt)
			cfg.AuthStyle, cfg.ClientID, cfg.ClientSecret = c.style, c.id, fetcher.Secret(c.pw)
			e := mustFail(t, cfg)
			require.Contains(t, e.Hint, c.has)
			require.ErrorContains(t, e, e.Hint)
			if c.not != "" {
				require.NotContains(t, e.Hint, c.not)
			}
		}
	}
	require.Empty(t, mustFail(t, config(always(400, `{"error":"invalid_request"}`))).Hint)
}

func TestF1_AuthStyleText(t *testing.T) {
	for style, name := range map[fetcher.AuthStyle]string{
		fetcher.Basic: "client_secret_basic", fetcher.BasicRaw: "client_secret_basic_raw", fetcher.Post: "client_secret_post",
	} {
		require.Equal(t, name, style.String())
		text, err := style.MarshalText()
		require.NoError(t, err)
		require.Equal(t, name, string(text))
		var back fetcher.AuthStyle
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, style, back)
	}
	var zero fetcher.AuthStyle
	require.Equal(t, fetcher.Basic, zero)
	for _, bad := range []string{"", "basic", "PRIVATE_KEY_JWT"} {
		style := fetcher.Post
		require.ErrorContains(t, style.UnmarshalText([]byte(bad)), "use one of client_secret_basic, client_secret_basic_raw, client_secret_post, ")
		require.Equal(t, fetcher.Post, style)
	}
	require.Equal(t, "AuthStyle(9)", fetcher.AuthStyle(9).String())
	_, err := fetcher.AuthStyle(9).MarshalText()
	require.ErrorContains(t, err, "9")
}
