package alf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// printed shows v in every way there is.
func printed(v any) string {
	var b bytes.Buffer
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, format+"\n", v)
	}
	if encoded, err := json.Marshal(v); err == nil {
		b.Write(encoded)
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("text", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "v", v)
	return b.String()
}

// noSecret requires that none is in text, in clear or as fmt's %x and %d would show it.
func noSecret(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		require.NotContains(t, text, secret)
		require.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", secret))
		require.NotContains(t, text, strings.Trim(fmt.Sprint([]byte(secret)), "[]"))
	}
}

func TestM19_ClientPrintsNoSecret(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	get(t, client, api.URL)
	tok, err := client.Token(context.Background())
	require.NoError(t, err)
	type pointers struct {
		client    *alf.Client
		http      *http.Client
		transport http.RoundTripper
		token     *alf.Token
		source    any
	}
	type values struct {
		client alf.Client
		http   http.Client
		source any
	}
	for _, v := range []any{
		client, *client, client.HTTPClient(), *client.HTTPClient(), client.Transport(nil), client.TokenSource(), client.Stats(), tok, *tok,
		pointers{client, client.HTTPClient(), client.Transport(nil), tok, client.TokenSource()},
		&pointers{client, client.HTTPClient(), client.Transport(nil), tok, client.TokenSource()},
		values{*client, *client.HTTPClient(), client.TokenSource()},
		map[string]any{"x": []any{client, tok}},
	} {
		noSecret(t, printed(v), testSecret, "issued-1")
	}
	require.Equal(t, "issued-1", tok.Value(), "who asks by name gets it")
}

func TestM19_ConfigPrintsNoSecret(t *testing.T) {
	cfg := alf.Config{
		TokenURL: "https://user:pass-word@as.example.com/token?key=query-secret", ClientID: "the-id", ClientSecret: alf.Secret(testSecret),
		Params:       url.Values{"password": {"param-secret"}},
		TokenRequest: alf.TokenRequest{Header: http.Header{"X-Key": {"header-secret"}}},
	}
	all := []string{testSecret, "pass-word", "query-secret", "param-secret", "header-secret"}
	for _, v := range []any{cfg, &cfg, cfg.TokenRequest, &cfg.TokenRequest, struct{ Config alf.Config }{cfg}, []any{cfg}} {
		noSecret(t, printed(v), all...)
	}
	require.Contains(t, fmt.Sprint(cfg), "the-id")
	require.Contains(t, fmt.Sprint(cfg), "https://as.example.com/token")
	require.NotContains(t, fmt.Sprint(alf.Config{TokenURL: "://" + testSecret}), testSecret)

	// Behind fmt's back there is the function alone.
	noSecret(t, printed(struct{ config alf.Config }{alf.Config{ClientSecret: alf.Secret(testSecret)}}), testSecret)
}

func TestM19_ErrorsCarryNoSecret(t *testing.T) {
	auth := startAuth(t)
	auth.response = denial
	client := newClient(t, auth.config())
	_, err := client.Get("https://api.example.com/")
	require.Error(t, err)
	noSecret(t, printed(err)+printed(struct{ err error }{err}), testSecret)
	_, err = client.Token(context.Background())
	noSecret(t, printed(err)+printed(client.Stats()), testSecret)

	auth.setResponse(nil)
	_, err = client.Refresh(context.Background())
	require.NoError(t, err)
	for _, target := range []string{"http://api.example.com/", "gopher://api.example.com/"} {
		_, err = client.Get(target)
		require.Error(t, err)
		noSecret(t, printed(err), testSecret, "issued-1")
	}
}

func TestM19_StatusErrorShowsTheStatusAlone(t *testing.T) {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp := respond(req, 404, "echoed-token")
		resp.Status = "404 echoed-token \x1b[2J"
		resp.Header.Set("Set-Cookie", "echoed-token")
		return resp, nil
	})
	err := over(t, &fakeSource{}, base).JSON(t.Context(), "GET", apiURL, nil, nil)
	var e *alf.StatusError
	require.ErrorAs(t, err, &e)
	require.Equal(t, "echoed-token", string(e.Body()))
	require.Equal(t, "echoed-token", e.Header().Get("Set-Cookie"))
	type inside struct{ err alf.StatusError }
	text := printed(e) + printed(*e) + printed(fmt.Errorf("wrapped: %w", e)) + printed(inside{*e}) + printed(&inside{*e}) + printed([]any{inside{*e}})
	noSecret(t, text, "echoed-token", "ZWNob2VkLXRva2Vu") // as JSON has bytes
	require.NotContains(t, text, "\x1b")
	require.Contains(t, text, "404 Not Found")
	require.Zero(t, alf.StatusError{}.Header())
	require.Zero(t, alf.StatusError{}.Body())
	require.Zero(t, alf.StatusError{}.Status())
}

// lockedBuffer is written by the manager's goroutines and read by the test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestM19_LoggerAndHookSeeNoSecret(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	var log lockedBuffer
	closed := make(chan struct{})
	cfg := auth.config()
	cfg.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg.Hook = func(e alf.Event) {
		_, _ = log.Write([]byte(printed(e)))
		if e.Kind == manager.Closed {
			close(closed)
		}
	}
	client, err := alf.New(cfg)
	require.NoError(t, err)
	get(t, client, api.URL)
	auth.revokeAll()
	get(t, client, api.URL)
	auth.revokeAll()
	auth.setResponse(denial)
	_, err = client.Refresh(context.Background())
	require.Error(t, err)
	require.NoError(t, client.Close())
	<-closed
	require.Contains(t, log.String(), string(manager.Published))
	require.Contains(t, log.String(), string(manager.Rejected))
	require.Contains(t, log.String(), "invalid_client")
	noSecret(t, log.String(), testSecret, "issued-1", "issued-2")
}
