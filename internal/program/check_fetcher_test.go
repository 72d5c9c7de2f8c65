package program

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// A setting that is not carried over would be judged by alf check as if it were not there. Fields that are new fail here
// until they are carried, and are set below.
func TestCheck_TheFetcherHasEverySetting(t *testing.T) {
	config := alf.Config{
		TokenURL: "url", Issuer: "issuer", ClientID: "id", ClientSecret: alf.Secret("x"), Scopes: []string{"s"}, Audience: []string{"a"},
		Resource: []string{"r"}, Params: url.Values{"p": {"1"}}, AuthStyle: alf.AuthPost, Assertion: alf.Assertion{Audience: "aud"},
		Certificate: alf.CertificateFiles("x", "y"), DPoP: &alf.DPoP{}, TokenType: "type", StrictTokenType: true, StrictScope: true,
		AllowHTTP: []string{"host"}, Clock: clock.NewMock(),
		TokenRequest: alf.TokenRequest{
			HTTPClient: &http.Client{}, Transport: &http.Transport{}, Proxy: http.ProxyFromEnvironment, TLS: &tls.Config{}, Timeout: time.Second,
			Header: http.Header{"H": {"1"}},
		},
	}
	got := reflect.ValueOf(fetcherConfig(&config))
	for field, value := range got.Fields() {
		want := reflect.ValueOf(config).FieldByName(field.Name)
		require.True(t, want.IsValid(), "fetcher.Config.%s has no counterpart in alf.Config", field.Name)
		require.False(t, value.IsZero(), "%s is lost", field.Name)
		if field.Name == "TokenRequest" {
			continue // one type in both, so that nothing in it can be lost
		}
		if value.Kind() == reflect.Func {
			require.Equal(t, want.Pointer(), value.Pointer(), field.Name)
			continue
		}
		require.Equal(t, want.Interface(), value.Interface(), field.Name)
	}
}
