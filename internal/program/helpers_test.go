package program

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

const theSecret = "s3cr3t-of-the-client"

// idp is a token endpoint that hands out token-1, token-2 and so on.
type idp struct {
	*httptest.Server
	mu      sync.Mutex
	issued  int
	forms   []string
	auths   []string
	respond http.HandlerFunc // instead
	header  http.Header      // of the last request
}

func newIDP(t *testing.T) *idp {
	i := new(idp)
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

func (i *idp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	user, password, _ := r.BasicAuth()
	body, _ := io.ReadAll(r.Body)
	i.forms, i.auths, i.header = append(i.forms, string(body)), append(i.auths, user+":"+password), r.Header
	if i.respond != nil {
		i.respond(w, r)
		return
	}
	i.issued++
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"bearer","expires_in":3600,"scope":"read <all>"}`, i.issued)
}

// refuse makes it respond with an OAuth error from now on.
func (i *idp) refuse(status int, body string) {
	i.respond = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// serve starts an API.
func serve(t *testing.T, handler http.HandlerFunc) string {
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// result is what a run of the program leaves behind.
type result struct {
	code     int
	out, err string
}

type invocation struct {
	env   map[string]string
	stdin io.Reader
	ctx   context.Context
}

// alfIn runs the program. No run ever prints the secret, its standard error holds no stack, and a failure is reported.
func alfIn(t *testing.T, in invocation, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if in.stdin == nil {
		in.stdin = strings.NewReader("")
	}
	if in.ctx == nil {
		in.ctx = t.Context()
	}
	code := run(in.ctx, append([]string{"alf"}, args...), in.stdin, &stdout, &stderr, environmentOf(in.env))
	r := result{code, stdout.String(), stderr.String()}
	require.NotContains(t, r.out+r.err, theSecret)
	require.NotContains(t, r.err, "goroutine ")
	require.NotContains(t, r.out+r.err, "\x1b")
	if code != exit.OK {
		require.NotEmpty(t, r.err)
	}
	return r
}

func environmentOf(variables map[string]string) *settings.Environment {
	return settings.NewEnvironment(
		func(name string) (string, bool) { value, ok := variables[name]; return value, ok },
		func() (all []string) {
			for name, value := range variables {
				all = append(all, name+"="+value)
			}
			return all
		},
	)
}

// configured is an environment that has all that is needed, with more on top.
func (i *idp) configured(more ...map[string]string) map[string]string {
	env := map[string]string{"ALF_TOKEN_URL": i.URL, "ALF_CLIENT_ID": "me", "ALF_CLIENT_SECRET": theSecret}
	for _, m := range more {
		maps.Copy(env, m)
	}
	return env
}

// alf runs the program against the endpoint.
func (i *idp) alf(t *testing.T, args ...string) result {
	t.Helper()
	return alfIn(t, invocation{env: i.configured()}, args...)
}

// write makes a file and returns its path.
func write(t *testing.T, name, content string) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// certificate writes a server's certificate as a file of authorities.
func certificate(t *testing.T, s *httptest.Server) string {
	block := &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}
	return write(t, "ca.pem", string(pem.EncodeToMemory(block)))
}
