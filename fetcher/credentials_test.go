package fetcher_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/keys"
)

// changed asks an error whether the credentials have changed; false if it does not know.
func changed(err error) (changed, can bool) {
	var watch interface{ CredentialsChanged() bool }
	if !errors.As(err, &watch) {
		return false, false
	}
	return watch.CredentialsChanged(), true
}

func TestF4_ARefusalReportsWhenTheCredentialsHaveChanged(t *testing.T) {
	write := func(path, content string) { require.NoError(t, os.WriteFile(path, []byte(content), 0o600)) }
	path := filepath.Join(t.TempDir(), "secret")
	write(path, "old-one")
	cfg := config(always(401, `{"error":"unauthorized_client"}`))
	cfg.ClientSecret = fetcher.SecretFile(path)
	e := mustFail(t, cfg)
	is, can := changed(e)
	require.True(t, can)
	require.False(t, is)
	require.NoError(t, os.Remove(path))
	is, _ = changed(e)
	require.False(t, is, "in the middle of being replaced")
	write(path, "new-one\n")
	is, _ = changed(e)
	require.True(t, is)
	require.NotContains(t, everything(t, e), "-one")

	t.Setenv("ALF_TEST_SECRET", "old-one")
	cfg.ClientSecret = fetcher.SecretEnv("ALF_TEST_SECRET")
	e = mustFail(t, cfg)
	is, can = changed(e)
	require.True(t, can)
	require.False(t, is)
	t.Setenv("ALF_TEST_SECRET", "new-one")
	is, _ = changed(e)
	require.True(t, is)

	// A secret that was not there yet.
	require.NoError(t, os.Remove(path))
	cfg.ClientSecret = fetcher.SecretFile(path)
	e = mustFail(t, cfg)
	require.ErrorIs(t, e, fetcher.ErrUnsent)
	is, can = changed(e)
	require.True(t, can)
	require.False(t, is)
	write(path, "new-one")
	is, _ = changed(e)
	require.True(t, is)
}

func TestF4_KeysAndCertificatesAreWatchedToo(t *testing.T) {
	authority, dir := certtest.New(t), t.TempDir()
	certificate, key := certtest.Write(t, dir, authority.Issue(t, "before"))
	cfg := config(nil)
	cfg.ClientSecret, cfg.AuthStyle, cfg.Assertion.Key = nil, fetcher.PrivateKeyJWT, keys.File(key)
	cfg.TokenRequest.Transport = always(400, `{"error":"invalid_client"}`)
	e := mustFail(t, cfg)
	cfg.AuthStyle, cfg.Assertion = fetcher.TLS, fetcher.Assertion{}
	cfg.Certificate = fetcher.CertificateFiles(certificate, key)
	cfg.TokenRequest.Transport = nil
	server := serveMutualTLS(t, authority, respond(401, ""))
	cfg.TokenURL, cfg.TokenRequest.TLS = server.URL, trusting(server)
	overTLS := mustFail(t, cfg)
	for _, e := range []error{e, overTLS} {
		is, can := changed(e)
		require.True(t, can)
		require.False(t, is)
	}
	certtest.Write(t, dir, authority.Issue(t, "after"))
	for _, e := range []error{e, overTLS} {
		is, _ := changed(e)
		require.True(t, is)
	}
}

func TestF4_AUsersOwnFunctionIsCalledAtFetchesOnly(t *testing.T) {
	asked := 0
	cfg := config(always(401, `{"error":"invalid_client"}`))
	cfg.ClientSecret = secrets(&asked, "old-one", "old-one", "new-one")
	_, can := changed(mustFail(t, cfg))
	require.False(t, can)
	require.Equal(t, 2, asked)

	// What a function reads from a file is watched, without calling the function.
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte("old-one"), 0o600))
	asked = 0
	cfg.ClientSecret = func(ctx context.Context) (string, error) {
		asked++
		content, err := fetcher.SecretFile(path)(ctx)
		return "prefix-" + content, err
	}
	e := mustFail(t, cfg)
	require.NoError(t, os.WriteFile(path, []byte("new-one"), 0o600))
	is, can := changed(e)
	require.True(t, can)
	require.True(t, is)
	require.Equal(t, 2, asked)

	cfg.ClientSecret = fetcher.SecretFile(path)
	for _, rt := range []roundTripper{always(400, `{"error":"invalid_scope"}`), always(503, ""), failing(errors.New("reset"))} {
		cfg.TokenRequest.Transport = rt
		_, can := changed(mustFail(t, cfg))
		require.False(t, can, "it is not about the credentials")
	}
}

// jwt is an assertion that differs from others by these claims.
func jwt(claims map[string]any) string {
	encode := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return encode(map[string]any{"alg": "ES256", "kid": "k"}) + "." + encode(claims) + "." + rand.Text()
}

// A function that makes an assertion at each call returns another one after each refusal: that is no rotation.
func TestF4_AGeneratedExternalAssertionDoublesNoRequest(t *testing.T) {
	subject := "before"
	n := 0
	for name, c := range map[string]struct {
		source   fetcher.SecretFunc
		requests int
	}{
		"generated": {func(context.Context) (string, error) {
			n++
			return jwt(map[string]any{"sub": "me", "iat": n, "exp": n + 60, "jti": rand.Text()}), nil
		}, 1},
		"opaque": {func(context.Context) (string, error) { return rand.Text(), nil }, 1},
		"for another subject": {func(context.Context) (string, error) {
			defer func() { subject = "after" }()
			return jwt(map[string]any{"sub": subject}), nil
		}, 2},
	} {
		requests := 0
		cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
			requests++
			return reply(401, `{"error":"invalid_client"}`), nil
		}))
		cfg.ClientSecret, cfg.AuthStyle, cfg.Assertion.Source = nil, fetcher.ExternalAssertion, c.source
		mustFail(t, cfg)
		require.Equal(t, c.requests, requests, name)
	}
	// A file that was replaced in the meantime is a rotation.
	path := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(path, []byte(jwt(map[string]any{"sub": "me", "iat": 1})), 0o600))
	requests := 0
	cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
		if requests++; requests == 1 {
			require.NoError(t, os.WriteFile(path, []byte(jwt(map[string]any{"sub": "me", "iat": 2})), 0o600))
			return reply(401, `{"error":"invalid_client"}`), nil
		}
		return reply(200, good), nil
	}))
	cfg.ClientSecret, cfg.AuthStyle, cfg.Assertion.Source = nil, fetcher.ExternalAssertion, fetcher.SecretFile(path)
	mustFetch(t, cfg)
	require.Equal(t, 2, requests)
}

func TestF4_WhiteSpaceAroundConstantsIsRefused(t *testing.T) {
	for value, want := range map[string]string{
		"x\n": "a line end", "x\r\n": "a line end", " x": "white space", "x\t": "white space", "\ufeffx": "a byte order mark", "x\u00a0": "white space",
		" \n": "nothing but white space",
	} {
		for _, c := range []struct {
			field string
			set   func(*fetcher.Config)
		}{
			{"ClientSecret", func(c *fetcher.Config) { c.ClientSecret = fetcher.Secret(value) }},
			{"ClientID", func(c *fetcher.Config) { c.ClientID = value }},
			{"Assertion.Source", func(c *fetcher.Config) {
				c.ClientSecret, c.AuthStyle, c.Assertion.Source = nil, fetcher.ExternalAssertion, fetcher.Secret(value)
			}},
		} {
			cfg := config(always(200, good))
			c.set(&cfg)
			_, err := fetcher.New(cfg)
			var field *fetcher.FieldError
			require.ErrorAs(t, err, &field, "%q", value)
			require.Equal(t, c.field, field.Field)
			require.Equal(t, "has "+want+" around it, which would be sent", field.Problem)
		}
	}
	cfg := config(always(200, good))
	cfg.ClientID, cfg.ClientSecret = "my id", fetcher.Secret("a b")
	mustFetch(t, cfg)
}

// What a user's own function returns is sent as it is; a refusal says what is odd about it.
func TestF4_WhiteSpaceInTheSecretOfAFunctionIsNamed(t *testing.T) {
	cfg := config(always(401, `{"error":"invalid_client"}`))
	cfg.ClientSecret = func(context.Context) (string, error) { return "abc\n", nil }
	require.Equal(t, "the client secret has a line end around it, which is sent with it: remove that", mustFail(t, cfg).Hint)
}

// The sentences about a refusal must hold for the servers that send it: Keycloak has unauthorized_client for a wrong
// secret, glewlwyd an empty 403 for everything.
func TestF4_HintsNameTheCredentialsWhereTheyMayBeWrong(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
	}{
		{401, `{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}`},
		{200, `{"error":"unauthorized_client"}`},
		{400, `{"error":"access_denied"}`},
	} {
		require.Contains(t, mustFail(t, config(always(c.status, c.body))).Hint, "ClientID or ClientSecret is wrong", c.body)
	}
	cfg := config(always(403, ""))
	cfg.ClientSecret = fetcher.Secret("plain")
	hint := mustFail(t, cfg).Hint
	require.Contains(t, hint, "if id and secret are right")
	require.Contains(t, hint, "it does not say which")
}

func TestF1_HintsCanNameSettingsOtherwise(t *testing.T) {
	e := mustFail(t, config(always(401, `{"error":"unauthorized_client"}`)))
	names := func(setting string) string { return "--" + setting }
	require.Contains(t, e.HintWith(names), "the client credentials grant or its --AuthStyle, or, at some servers, --ClientID or --ClientSecret is wrong")
	require.Contains(t, e.ErrorWith(names), "401 Unauthorized: unauthorized_client; the client may not use")
	require.Contains(t, e.ErrorWith(names), "--ClientSecret")
	require.Contains(t, e.Error(), e.Hint)
}

func TestF6_AnErrorSaysThatTheClocksDiffer(t *testing.T) {
	mock := clock.NewMock()
	mock.Set(cfgNow)
	now := mock.Now()
	at := func(status int, body string, off time.Duration) *fetcher.Error {
		cfg := config(always(status, body, "Date", now.Add(off).Format(http.TimeFormat)))
		cfg.ClientSecret, cfg.Clock = fetcher.Secret("plain"), mock
		return mustFail(t, cfg)
	}
	for _, c := range []struct {
		status int
		body   string
		off    time.Duration
		want   string
	}{
		{401, `{"error":"invalid_client"}`, 5 * time.Second, "ahead of this one's: correct the wrong one; else: if id"},
		{400, `{"error":"invalid_request"}`, -8 * time.Second, "behind this one's"},
		{503, "", 10 * time.Second, "ahead of this one's"},
		{200, "{}", -10 * time.Second, "behind this one's"},
		{400, `{"error":"invalid_scope"}`, time.Hour, "; the server's clock is 1h0m0s ahead of this one's"},
	} {
		e := at(c.status, c.body, c.off)
		require.Contains(t, e.Hint, "the server's clock is ", c.body)
		require.Contains(t, e.Hint, c.want, c.body)
	}
	for _, off := range []time.Duration{0, 2 * time.Second, -2 * time.Second} {
		require.NotContains(t, at(401, `{"error":"invalid_client"}`, off).Hint, "clock", fmt.Sprint(off))
	}
}
