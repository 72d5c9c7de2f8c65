package fetcher_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
)

// printed is v in every way that a program prints things.
func printed(t *testing.T, v any) string {
	t.Helper()
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	if js, err := json.Marshal(v); err == nil {
		b.Write(js)
	}
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
	return b.String()
}

func secretive() fetcher.Config {
	cfg := config(always(200, good))
	cfg.TokenURL += "?code=hidden-q"
	cfg.ClientSecret = fetcher.Secret("hidden-s")
	cfg.TokenRequest.Header = http.Header{"X-Key": {"hidden-h"}}
	cfg.Params = url.Values{"pin": {"hidden-p"}}
	return cfg
}

func TestM19_AConfigIsPrintedWithoutSecrets(t *testing.T) {
	cfg := secretive()
	type exported struct{ C fetcher.Config }
	for _, v := range []any{cfg, &cfg, exported{cfg}, &exported{cfg}, []fetcher.Config{cfg}, cfg.TokenRequest, &cfg.TokenRequest, map[string]any{"c": cfg}} {
		s := printed(t, v)
		require.NotContains(t, s, "hidden")
		require.NotContains(t, s, fmt.Sprintf("%x", "hidden"))
		require.NotContains(t, s, "aGlkZGVu", "base64")
	}
	require.Equal(t, cfg.String(), cfg.GoString())
	js, err := json.Marshal(exported{cfg})
	require.NoError(t, err)
	require.Contains(t, string(js), `"token_url":"https://idp.example.com/token"`)
	s := printed(t, cfg)
	for _, want := range []string{"https://idp.example.com/token", clientID, "client_secret_basic", "X-Key", "pin"} {
		require.Contains(t, s, want)
	}
	require.Contains(t, printed(t, fetcher.Config{TokenURL: "https://u:hidden@h/%zz"}), "(not a URL)")
}

func TestM19_FmtReadsUnexportedFieldsButFindsNoClientSecret(t *testing.T) {
	type user struct {
		config  fetcher.Config
		fetcher *fetcher.Fetcher
		value   fetcher.Fetcher
		secret  fetcher.SecretFunc
	}
	cfg := secretive()
	f := newFetcher(t, cfg)
	held := cfg
	held.TokenRequest.Header, held.Params, held.TokenURL = nil, nil, ""
	v := user{config: held, fetcher: f, value: *f, secret: cfg.ClientSecret}
	require.NotContains(t, printed(t, v), "hidden")
	require.NotContains(t, printed(t, &v), "hidden")
}

func TestM19_AFetcherIsPrintedWithoutSecrets(t *testing.T) {
	f := newFetcher(t, secretive())
	require.Equal(t, "fetcher.Fetcher(https://idp.example.com/token)", f.String())
	require.NotContains(t, printed(t, f), "hidden")
	require.NotContains(t, printed(t, *f), "hidden")
}

func TestM18_AnErrorIsFitForMetrics(t *testing.T) {
	failed := mustFail(t, config(always(400, `{"error":"invalid_scope","error_description":"no such scope","error_uri":"https://idp.example.com/e"}`)))
	text, err := json.Marshal(failed)
	require.NoError(t, err)
	const hint = "the server does not know these Scopes, or does not allow them for this client: correct them, or have them allowed"
	require.JSONEq(t, `{"Error":"fetcher: https://idp.example.com/token: 400 Bad Request: invalid_scope \"no such scope\" (see https://idp.example.com/e); `+hint+`",
		"Hint":"`+hint+`","Status":400,"Code":"invalid_scope","Description":"no such scope","URI":"https://idp.example.com/e"}`, string(text))
	text, err = json.Marshal(mustFail(t, config(roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }))))
	require.NoError(t, err)
	require.Contains(t, string(text), "unexpected EOF")
}
