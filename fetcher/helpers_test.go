package fetcher_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/keys"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID = "client-7"
	// Every kind of character an encoding would change.
	secret = `s3cr3t/+&"<é> %`
	good   = `{"access_token":"tok-1","token_type":"Bearer","expires_in":3600}`
)

// roundTripper is a transport in memory.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reply makes a response; header holds pairs of name and value.
func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d reason", status), ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// always responds to every request alike.
func always(status int, body string, header ...string) roundTripper {
	return func(*http.Request) (*http.Response, error) { return reply(status, body, header...), nil }
}

// failing never gets a response.
func failing(err error) roundTripper {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// config is the least a fetcher over rt needs.
func config(rt http.RoundTripper) fetcher.Config {
	return fetcher.Config{
		TokenURL: "https://idp.example.com/token", ClientID: clientID,
		ClientSecret: fetcher.Secret(secret), TokenRequest: fetcher.TokenRequest{Transport: rt},
	}
}

func newFetcher(t testing.TB, cfg fetcher.Config) *fetcher.Fetcher {
	t.Helper()
	f, err := fetcher.New(cfg)
	require.NoError(t, err)
	t.Cleanup(f.CloseIdleConnections)
	return f
}

func mustFetch(t testing.TB, cfg fetcher.Config) *oauth2.Token {
	t.Helper()
	token, err := newFetcher(t, cfg).Fetch(context.Background())
	require.NoError(t, err)
	require.NotNil(t, token)
	return token
}

// mustFail fetches once and returns the error, which must be presentable.
func mustFail(t testing.TB, cfg fetcher.Config) *fetcher.Error {
	t.Helper()
	token, err := newFetcher(t, cfg).Fetch(context.Background())
	return requireError(t, token, err)
}

func requireError(t testing.TB, token *oauth2.Token, err error) *fetcher.Error {
	t.Helper()
	require.Nil(t, token)
	require.Error(t, err)
	var e *fetcher.Error
	require.ErrorAs(t, err, &e)
	var retrieve *oauth2.RetrieveError
	require.Equal(t, e.Status != 0, errors.As(err, &retrieve))
	if retrieve != nil {
		require.Equal(t, e.Status, retrieve.Response.StatusCode)
		require.Equal(t, e.Code, retrieve.ErrorCode)
		require.Equal(t, e.Description, retrieve.ErrorDescription)
		require.Equal(t, e.URI, retrieve.ErrorURI)
		require.Equal(t, e.Body, string(retrieve.Body))
		require.Nil(t, retrieve.Response.Request)
	}
	return e
}

// everything is all that can be got out of an error by printing it.
func everything(t testing.TB, err error) string {
	t.Helper()
	var b strings.Builder
	var walk func(error)
	walk = func(err error) {
		fmt.Fprintf(&b, "%v\n%+v\n%#v\n%s\n%q\n", err, err, err, err, err)
		js, _ := json.Marshal(err)
		b.Write(js)
		slog.New(slog.NewJSONHandler(&b, nil)).Error("x", "err", err)
		slog.New(slog.NewTextHandler(&b, nil)).Error("x", "err", err)
		if r, ok := err.(*oauth2.RetrieveError); ok {
			fmt.Fprintf(&b, "%+v %s", *r.Response, r.Body)
		}
		if e, ok := err.(*fetcher.Error); ok {
			fmt.Fprintf(&b, "%v %+v %#v", *e, *e, *e)
			fmt.Fprintln(&b, e.Code, e.Description, e.URI, e.Body, e.Hint)
		}
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			if inner := u.Unwrap(); inner != nil {
				walk(inner)
			}
		case interface{ Unwrap() []error }:
			for _, inner := range u.Unwrap() {
				walk(inner)
			}
		}
	}
	walk(err)
	return b.String()
}

// recorder is a token endpoint on a real socket that keeps what it was sent.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func serve(t testing.TB, handler http.HandlerFunc) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(r.record(handler))
	t.Cleanup(r.Close)
	return r
}

func serveUnstarted(t testing.TB, handler http.HandlerFunc) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewUnstartedServer(r.record(handler))
	r.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	return r
}

func serveTLS(t testing.TB, handler http.HandlerFunc) *recorder {
	t.Helper()
	r := serveUnstarted(t, handler)
	r.StartTLS()
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) record(handler http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.requests = append(r.requests, req)
		r.bodies = append(r.bodies, string(body))
		r.mu.Unlock()
		handler(w, req)
	})
}

func (r *recorder) seen() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.requests)
}

// at is a configuration for the recorder, over the fetcher's own transport.
func (r *recorder) at() fetcher.Config {
	cfg := config(nil)
	cfg.TokenURL = r.URL + "/token"
	return cfg
}

func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

var cfgNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func copyAll(to io.Writer, from io.Reader) (int64, error) {
	if from == nil {
		return 0, nil
	}
	return io.Copy(to, from)
}

func keysThumbprint(key *jose.JSONWebKey) (string, error) {
	sum, err := key.Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err
}

// configWithoutTransport leaves the connections to the fetcher.
func configWithoutTransport() fetcher.Config { return config(nil) }

// jwtPart returns the header (0) or the claims (1) of a JSON Web Token.
func jwtPart(t testing.TB, jwt string, i int) (members map[string]any) {
	t.Helper()
	parts := strings.Split(jwt, ".")
	require.Len(t, parts, 3)
	content, err := base64.RawURLEncoding.DecodeString(parts[i])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &members))
	return members
}

func newEdKey(t testing.TB) *keys.Key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	key, err := keys.New(private, "ed", "")
	require.NoError(t, err)
	return key
}
