package fetcher_test

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/fetcher"
)

func TestF1_EverythingWrongIsSaidAtOnce(t *testing.T) {
	cfg := fetcher.Config{
		TokenURL: "ftp://x", AuthStyle: 99, Scopes: []string{"ok", "two scopes"}, Audience: []string{""},
		Params: url.Values{"grant_type": {"password"}}, TokenType: "a b", AllowHTTP: []string{"http://x"},
		TokenRequest: fetcher.TokenRequest{
			HTTPClient: &http.Client{}, Transport: http.DefaultTransport, Proxy: http.ProxyFromEnvironment, TLS: &tls.Config{},
			Timeout: -1, Header: http.Header{"authorization": {"x"}},
		},
	}
	f, err := fetcher.New(cfg)
	require.Nil(t, f)
	require.Equal(t, cfg.Validate(), err)
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	var fields []string
	for _, problem := range joined.Unwrap() {
		field, _, _ := strings.Cut(problem.Error(), ":")
		fields = append(fields, field)
	}
	require.ElementsMatch(t, []string{
		"TokenURL", "ClientID", "AuthStyle", "Scopes[1]", "Audience[0]", "Params", "TokenRequest.Header",
		"TokenType", "AllowHTTP[0]", "TokenRequest.Timeout", "TokenRequest.Transport", "TokenRequest.Proxy", "TokenRequest.TLS",
	}, fields)
}

func TestF1_ValidateNamesFieldAndRemedy(t *testing.T) {
	for want, spoil := range map[string]func(*fetcher.Config){
		"TokenURL: missing: set it":                                func(c *fetcher.Config) { c.TokenURL = "" },
		"TokenURL: not a URL: set it":                              func(c *fetcher.Config) { c.TokenURL = "https://u:hidden@h/%zz" },
		"TokenURL: neither https nor http, or without a host: set": func(c *fetcher.Config) { c.TokenURL = "idp.example.com/token" },
		"or without a host: set the":                               func(c *fetcher.Config) { c.TokenURL = "https:///token" },
		"TokenURL: has user information: move it":                  func(c *fetcher.Config) { c.TokenURL = "https://u:hidden@h/" },
		"TokenURL: has a fragment":                                 func(c *fetcher.Config) { c.TokenURL += "#x" },
		"forbid: remove the #":                                     func(c *fetcher.Config) { c.TokenURL += "#" },
		"TokenURL: plain http":                                     func(c *fetcher.Config) { c.TokenURL = "http://h/" },
		"ClientID: missing: set":                                   func(c *fetcher.Config) { c.ClientID = "" },
		"ClientID: a colon cannot": func(c *fetcher.Config) {
			c.ClientID, c.AuthStyle = "a:b", fetcher.BasicRaw
		},
		"ClientSecret: missing: use Secret,":                                          func(c *fetcher.Config) { c.ClientSecret = nil },
		"AuthStyle: -1 does not exist: use one of":                                    func(c *fetcher.Config) { c.AuthStyle = -1 },
		`Scopes[0]: "" is not a scope`:                                                func(c *fetcher.Config) { c.Scopes = []string{""} },
		`Scopes[0]: "a\"b" is not a scope`:                                            func(c *fetcher.Config) { c.Scopes = []string{`a"b`} },
		"StrictScope: there is nothing to compare":                                    func(c *fetcher.Config) { c.StrictScope = true },
		"Audience[1]: empty: name":                                                    func(c *fetcher.Config) { c.Audience = []string{"a", ""} },
		`Params: "client_secret" is set by the fetcher: use ClientSecret`:             func(c *fetcher.Config) { c.Params = url.Values{"client_secret": {"hidden"}} },
		`Params: "client_assertion" is set by the fetcher: use Assertion.Source`:      func(c *fetcher.Config) { c.Params = url.Values{"client_assertion": {"hidden"}} },
		`Params: "client_assertion_type" is set by the fetcher: use Assertion.Format`: func(c *fetcher.Config) { c.Params = url.Values{"client_assertion_type": {"x"}} },
		`Params: "client_id" is set by the fetcher: use ClientID`:                     func(c *fetcher.Config) { c.Params = url.Values{"client_id": {"x"}} },
		`Params: "resource" is set by the fetcher: use Resource`:                      func(c *fetcher.Config) { c.Params = url.Values{"resource": {"x"}} },
		`Params: "grant_type" is set by the fetcher: remove it`:                       func(c *fetcher.Config) { c.Params = url.Values{"grant_type": {"x"}} },
		`TokenURL: the host is not in ASCII, so that no DPoP proof fits it: write it in Punycode ("xn--...")`: func(c *fetcher.Config) {
			c.TokenURL, c.DPoP = "https://bücher.example/token", new(dpop.Prover)
		},
		`Params: "scope" is set by the fetcher: use Scopes`:         func(c *fetcher.Config) { c.Params = url.Values{"scope": {"x"}} },
		`Params: "audience" is set by the fetcher: use Audience`:    func(c *fetcher.Config) { c.Params = url.Values{"audience": {"x"}} },
		"Params: has a parameter without a name":                    func(c *fetcher.Config) { c.Params = url.Values{"": {"hidden"}} },
		`TokenRequest.Header: "AUTHORIZATION" is set`:               func(c *fetcher.Config) { c.TokenRequest.Header = http.Header{"AUTHORIZATION": {"hidden"}} },
		`TokenRequest.Header: "Content-Type" is set`:                func(c *fetcher.Config) { c.TokenRequest.Header = http.Header{"Content-Type": {"x"}} },
		`TokenRequest.Header: "content-length" is set`:              func(c *fetcher.Config) { c.TokenRequest.Header = http.Header{"content-length": {"1"}} },
		`TokenRequest.Header: "Host" is set`:                        func(c *fetcher.Config) { c.TokenRequest.Header = http.Header{"Host": {"x"}} },
		`TokenRequest.Header: "Accept" is set`:                      func(c *fetcher.Config) { c.TokenRequest.Header = http.Header{"Accept": {"x"}} },
		`TokenRequest.Header: "a b" is not a header name`:           func(c *fetcher.Config) { c.TokenRequest.Header = http.Header{"a b": {"hidden"}} },
		`TokenRequest.Header: a value of "X-A" has a control`:       func(c *fetcher.Config) { c.TokenRequest.Header = http.Header{"X-A": {"ok", "hidden\r\nX: y"}} },
		`TokenType: "Bearer " is not the name`:                      func(c *fetcher.Config) { c.TokenType = "Bearer " },
		`AllowHTTP[0]: "*.h" is not a host: use`:                    func(c *fetcher.Config) { c.AllowHTTP = []string{"*.h"} },
		"TokenRequest.Timeout: -1ns is negative: use 0":             func(c *fetcher.Config) { c.TokenRequest.Timeout = -1 },
		"TokenRequest.Transport: excluded by HTTPClient: set":       func(c *fetcher.Config) { c.TokenRequest.HTTPClient = &http.Client{} },
		"TokenRequest.Proxy: excluded by HTTPClient and Transport:": func(c *fetcher.Config) { c.TokenRequest.Proxy = http.ProxyFromEnvironment },
		"TokenRequest.TLS: excluded by HTTPClient and Transport: c": func(c *fetcher.Config) { c.TokenRequest.TLS = &tls.Config{} },
	} {
		cfg := config(always(200, good))
		spoil(&cfg)
		err := cfg.Validate()
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hidden")
		require.NotContains(t, err.Error(), "\n", "one mistake, one line")
		_, err = fetcher.New(cfg)
		require.ErrorContains(t, err, want)
	}
}

func TestF1_AFullConfigurationIsValid(t *testing.T) {
	cfg := config(nil)
	cfg.TokenURL = "https://idp.example.com:8443/t?tenant=1"
	cfg.Scopes, cfg.StrictScope = []string{"api://x/.default", "openid"}, true
	cfg.Audience = []string{"a"}
	cfg.Params = url.Values{"tenant": {"r"}}
	cfg.Resource = []string{"urn:r"}
	cfg.TokenRequest.Header = http.Header{"X-A": {"tab\tand é"}}
	cfg.TokenType, cfg.StrictTokenType = "DPoP", true
	cfg.AllowHTTP = []string{"a", "b:80", "[::1]:9", "*"}
	cfg.TokenRequest.Proxy, cfg.TokenRequest.TLS, cfg.TokenRequest.Timeout = http.ProxyFromEnvironment, &tls.Config{}, 5
	require.NoError(t, cfg.Validate())
}
