package fetcher_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/fetcher"
)

// secrets returns them one after the other, then the last forever.
func secrets(asked *int, values ...string) fetcher.SecretFunc {
	return func(context.Context) (string, error) {
		v := values[min(*asked, len(values)-1)]
		*asked++
		return v, nil
	}
}

// accepting is a server that knows one secret.
func accepting(right string, requests *int, status int) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		*requests++
		if _, pw, _ := r.BasicAuth(); pw == right {
			return reply(200, good), nil
		}
		return reply(status, `{"error":"invalid_client","error_description":"old-one or new-one"}`), nil
	}
}

func TestF4_TheSecretIsReadAtEveryFetch(t *testing.T) {
	asked, sent := 0, []string{}
	cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
		_, pw, _ := r.BasicAuth()
		sent = append(sent, pw)
		return reply(200, good), nil
	}))
	cfg.ClientSecret = secrets(&asked, "one", "two", "three")
	f := newFetcher(t, cfg)
	require.Zero(t, asked, "New must not ask")
	for range 3 {
		_, err := f.Fetch(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, []string{"one", "two", "three"}, sent)
	require.Equal(t, 3, asked)
}

func TestF4_ARotatedSecretIsTriedOnceMore(t *testing.T) {
	for _, status := range []int{200, 400, 401} {
		asked, requests := 0, 0
		cfg := config(accepting("new-one", &requests, status))
		cfg.ClientSecret = secrets(&asked, "old-one", "new-one")
		require.Equal(t, "tok-1", mustFetch(t, cfg).AccessToken)
		require.Equal(t, 2, requests)
		require.Equal(t, 2, asked)
	}
}

func TestF4_AnUnchangedSecretIsNotTriedAgain(t *testing.T) {
	asked, requests := 0, 0
	cfg := config(accepting("other", &requests, 401))
	cfg.ClientSecret = secrets(&asked, "old-one")
	require.Equal(t, "invalid_client", mustFail(t, cfg).Code)
	require.Equal(t, 1, requests)
	require.Equal(t, 2, asked)
}

func TestF4_ItRepeatsOnlyOnceAndShowsNeitherSecret(t *testing.T) {
	asked, requests := 0, 0
	cfg := config(accepting("other", &requests, 401))
	cfg.ClientSecret = secrets(&asked, "old-one", "new-one", "newer-one")
	e := mustFail(t, cfg)
	require.Equal(t, 2, requests)
	require.Equal(t, 2, asked)
	require.Equal(t, "[redacted] or [redacted]", e.Description)
	require.NotContains(t, everything(t, e), "-one")
}

// The repetition for a nonce is one of the repetition for a secret.
func TestM19_TheFormerSecretIsNotShownWhateverIsRepeated(t *testing.T) {
	asked, requests := 0, 0
	cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
		requests++
		switch requests {
		case 1:
			return reply(401, `{"error":"invalid_client"}`), nil
		case 2:
			return reply(400, `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", "n"), nil
		}
		return reply(400, `{"error":"invalid_request","error_description":"old-one or new-one"}`), nil
	}))
	cfg.ClientSecret, cfg.DPoP = secrets(&asked, "old-one", "new-one"), new(dpop.Prover)
	e := mustFail(t, cfg)
	require.Equal(t, 3, requests)
	require.Equal(t, "[redacted] or [redacted]", e.Description)
}

func TestF4_ItDoesNotRepeatOnceTheContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked, requests := 0, 0
	cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
		requests++
		cancel()
		return reply(401, `{"error":"invalid_client"}`), nil
	}))
	cfg.ClientSecret = secrets(&asked, "old-one", "new-one")
	_, err := newFetcher(t, cfg).Fetch(ctx)
	require.Error(t, err)
	require.Equal(t, 1, requests)
}

func TestF4_RefusalsThatMayConcernTheCredentialsReadTheSecretAgain(t *testing.T) {
	for name, c := range map[string]struct {
		rt    roundTripper
		reads int
	}{
		"401, empty":                     {always(401, ""), 2},
		"403, empty (glewlwyd)":          {always(403, ""), 2},
		"401, a page":                    {always(401, "<html>"), 2},
		"401, another code":              {always(401, `{"error":"invalid_request"}`), 2},
		"unauthorized_client":            {always(400, `{"error":"unauthorized_client"}`), 2},
		"unauthorized_client (Keycloak)": {always(401, `{"error":"unauthorized_client"}`), 2},
		"unauthorized_client (osin)":     {always(200, `{"error":"unauthorized_client"}`), 2},
		"invalid_client":                 {always(500, `{"error":"invalid_client"}`), 2},
		"access_denied":                  {always(400, `{"error":"access_denied"}`), 2},
		"invalid_scope":                  {always(400, `{"error":"invalid_scope"}`), 1},
		"404":                            {always(404, ""), 1},
		"429":                            {always(429, ""), 1},
		"503":                            {always(503, ""), 1},
		"reset":                          {failing(errors.New("reset")), 1},
	} {
		asked, requests := 0, 0
		cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
			requests++
			return c.rt(r)
		}))
		cfg.ClientSecret = secrets(&asked, "old-one", "new-one")
		e := mustFail(t, cfg)
		require.Equal(t, c.reads, asked, name)
		require.Equal(t, c.reads, requests, name)
		require.Equal(t, c.reads == 2, errors.Is(e, fetcher.ErrCredentials), name)
	}
}

func TestF4_ASecretThatCannotBeReadAgainLeavesTheFirstError(t *testing.T) {
	asked, requests := 0, 0
	cfg := config(accepting("other", &requests, 401))
	cfg.ClientSecret = func(context.Context) (string, error) {
		if asked++; asked > 1 {
			return "", errors.New("gone")
		}
		return "old-one", nil
	}
	require.Equal(t, "invalid_client", mustFail(t, cfg).Code)
	require.Equal(t, 1, requests)
}

func TestF4_NoSecretNoRequest(t *testing.T) {
	gone := errors.New("vault is sealed")
	for want, fn := range map[string]fetcher.SecretFunc{
		"vault is sealed": func(context.Context) (string, error) { return "", gone },
		"it is empty":     fetcher.Secret(""),
	} {
		cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
			t.Error("a request was sent")
			return nil, gone
		}))
		cfg.ClientSecret = fn
		e := mustFail(t, cfg)
		require.ErrorContains(t, e, "client secret could not be read: "+want)
		require.False(t, e.Permanent(), "a secret that is being rotated comes back")
		require.Equal(t, want == gone.Error(), errors.Is(e, gone))
	}
}

func TestF4_TheSecretFuncGetsTheContextAndItsEndShows(t *testing.T) {
	why := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cfg := config(always(200, good))
	cfg.ClientSecret = func(got context.Context) (string, error) {
		cancel(why)
		<-got.Done()
		return "", errors.New("interrupted")
	}
	token, err := newFetcher(t, cfg).Fetch(ctx)
	requireError(t, token, err)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, why)
}

func TestF4_SecretEnv(t *testing.T) {
	const name = "ALF_TEST_CLIENT_SECRET"
	fn := fetcher.SecretEnv(name)
	for value, want := range map[string]string{
		"one": "one", " two ": "two", "three\n": "three", "four\r\n": "four", "\ufefffive": "five", "s i x\t": "s i x",
	} {
		t.Setenv(name, value)
		got, err := fn(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	t.Setenv(name, " \n")
	_, err := fn(t.Context())
	require.ErrorContains(t, err, name)
	t.Setenv(name, "")
	_, err = fn(t.Context())
	require.ErrorContains(t, err, name)
	require.NoError(t, os.Unsetenv(name))
	_, err = fn(t.Context())
	require.ErrorContains(t, err, name)
}

func TestF4_SecretFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	fn := fetcher.SecretFile(path)
	_, err := fn(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, path)

	for content, want := range map[string]string{
		"one": "one", "one\n": "one", "one\r\n": "one", "one\n\n": "one", " o n e \n": "o n e", "a\nb\n": "a\nb", "one \n": "one",
		"\ufeffone\r\n": "one", "\tone": "one", "one\u00a0": "one", "\xff\xfeo\x00n\x00e\x00\r\x00\n\x00": "one", "\xfe\xff\x00o\x00n\x00e": "one",
	} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		got, err := fn(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got, "%q", content)
	}
	for _, content := range []string{"", "\n", "\r\n\n", " ", "\ufeff\n"} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := fn(t.Context())
		require.ErrorContains(t, err, path+" is empty")
	}
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 64<<10)), 0o600))
	_, err = fn(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 64<<10+1)), 0o600))
	_, err = fn(t.Context())
	require.ErrorContains(t, err, "larger than 64 KiB")
	require.NotContains(t, err.Error(), "xxx")
}

func TestF4_ASecretFileThatCannotBeRead(t *testing.T) {
	_, err := fetcher.SecretFile(t.TempDir())(t.Context())
	require.ErrorContains(t, err, "secret file: ")
}
