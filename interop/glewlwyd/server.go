// Package glewlwyd runs Glewlwyd, a single sign-on server written in C by Nicolas Mora, with its OpenID Connect plugin,
// and an API that asks it about every token it is shown.
//
// What is particular about it: a wrong secret, a wrong authentication method, a grant that is not allowed and a request
// without a scope are all the same 403 with an empty body; a scope that it does not know is scope_invalid, a code of
// its own; it takes id and secret from Basic as they are, without decoding them; its metadata do not list the grant it
// allows, and their addresses have two slashes; it calls its tokens "bearer"; and it introspects and revokes a token
// for the client that it was issued to alone, which has to authenticate by the same method as then: a token that was
// got with the secret in the form is stored without its client. Introspection does not look at the signature.
package glewlwyd

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"text/template"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/ports"
)

//go:embed glewlwyd.conf.tmpl
var files embed.FS

// lifetime is how long tokens live. The server counts in whole seconds, so that one may be gone up to a second earlier.
const lifetime = 4 * time.Second

// scope is the one scope that there is.
const scope = "stock:read"

// Server is a [lab.Server].
type Server struct {
	dir      string
	port     int
	key      string // signs the tokens
	lifetime time.Duration
	lasting  time.Duration // what the running server takes for the lifetime
	api      *lab.Site
	accounts []*lab.Account
	process  *child.Process
	http     *http.Client

	rotation sync.RWMutex // held while a secret is replaced: the API uses the clients' secrets

	mu       sync.Mutex
	requests int             // to the token endpoint, as the log has them
	barriers map[string]bool // what arrived after them
	seen     []string        // the tokens that the API was shown
}

// New makes a server that keeps its database in dir. It has to be started, and stopped in the end.
func New(dir string) (*Server, error) {
	found, err := ports.Find(1)
	if err != nil {
		return nil, err
	}
	api, err := lab.NewSite()
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, port: found[0], api: api, lifetime: lifetime, barriers: map[string]bool{}}
	api.Handler = lab.Guard("Bearer", s.check)
	s.accounts = s.newAccounts()
	return s, nil
}

// Name is the server and its version.
func (s *Server) Name() string { return "Glewlwyd " + Version() }

// Start starts it. The first time, it gets its database and learns of its clients.
func (s *Server) Start(ctx context.Context, newKeys bool) error {
	database := filepath.Join(s.dir, "glewlwyd.db")
	_, err := os.Stat(database)
	first := os.IsNotExist(err)
	if first {
		if err := s.prepare(ctx, database); err != nil {
			return err
		}
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	if err := s.logIn(ctx); err != nil {
		return err
	}
	if newKeys || first {
		s.key = rand.Text() + rand.Text()
	}
	if newKeys || s.lasting != s.lifetime {
		if err := s.usePlugin(ctx, first); err != nil {
			return err
		}
	}
	if first {
		if err := s.registerAll(ctx); err != nil {
			return err
		}
	}
	return s.api.Start(ctx)
}

// prepare makes the database and the configuration.
func (s *Server) prepare(ctx context.Context, database string) error {
	sql, err := os.Open(schema)
	if err != nil {
		return err
	}
	defer func() { _ = sql.Close() }()
	load := exec.CommandContext(ctx, "sqlite3", database)
	load.Stdin = sql
	if text, err := load.CombinedOutput(); err != nil {
		return fmt.Errorf("sqlite3: %w: %s", err, text)
	}
	conf, err := template.ParseFS(files, "glewlwyd.conf.tmpl")
	if err != nil {
		return err
	}
	file, err := os.OpenFile(s.conf(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	values := map[string]any{"Port": s.port, "URL": s.url("/"), "Modules": modules, "Database": database}
	return errors.Join(conf.Execute(file, values), file.Close())
}

// run starts the process. It writes its log by the line only if its output is no pipe, or if stdbuf has it do so.
func (s *Server) run(ctx context.Context) error {
	process, err := child.ServeLines(ctx, "Glewlwyd started on port", s.line, "stdbuf", "-oL", "glewlwyd", "-c", s.conf())
	if err != nil {
		return err
	}
	s.process = process
	return nil
}

// line takes in a line of the log.
func (s *Server) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, refused, isRefusal := strings.Cut(text, "Authorization invalid for client_id ")
	if isRefusal {
		id, _, _ := strings.Cut(refused, " at IP")
		if strings.HasPrefix(id, barrier) {
			s.barriers[id] = true
			return
		}
	}
	if isRefusal || strings.Contains(text, "Access token generated for client '"+idPrefix) {
		s.requests++
	}
}

// barrier begins the id of a client that does not exist: what was logged before it has been read once it is.
const barrier = "barrier-"

// TokenRequests counts what arrived at the token endpoint, by the server's log.
func (s *Server) TokenRequests() int {
	if s.process != nil {
		id := barrier + rand.Text()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
		if _, err := s.post(ctx, "/api/oidc/token", form, id, "-"); err == nil {
			for ctx.Err() == nil && !s.passed(id) {
				time.Sleep(time.Millisecond)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *Server) passed(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.barriers[id]
}

// SetLifetime implements [lab.Lasting].
func (s *Server) SetLifetime(d time.Duration) { s.lifetime = d }

// Stop kills it, and its API with it.
func (s *Server) Stop() {
	s.api.Stop()
	if s.http != nil {
		s.http.CloseIdleConnections()
	}
	if s.process != nil {
		s.process.Close()
		s.process = nil
	}
}

// Revoke sends every token that the API was shown to the revocation endpoint (RFC 7009), as the client that has it.
func (s *Server) Revoke(ctx context.Context) error {
	s.mu.Lock()
	seen := s.seen
	s.seen = nil
	s.mu.Unlock()
	for _, token := range seen {
		if _, err := s.about(ctx, "/api/oidc/revoke", token); err != nil {
			return err
		}
	}
	return nil
}

// check is what the API does with a token: it verifies the signature, and introspects it (RFC 7662).
func (s *Server) check(r *http.Request, token string) error {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return err
	}
	if err := parsed.Claims([]byte(s.key), new(jwt.Claims)); err != nil {
		return err
	}
	body, err := s.about(r.Context(), "/api/oidc/introspect", token)
	if err != nil {
		return err
	}
	var introspected struct{ Active bool }
	if err := json.Unmarshal(body, &introspected); err != nil {
		return err
	}
	if !introspected.Active {
		return errors.New("the token is not active")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.seen {
		if known == token {
			return nil
		}
	}
	s.seen = append(s.seen, token)
	return nil
}

// about sends a token to an endpoint, as the client that it names.
func (s *Server) about(ctx context.Context, path, token string) ([]byte, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return nil, err
	}
	var claims struct {
		ClientID string `json:"client_id"`
	}
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return nil, err
	}
	for _, a := range s.accounts {
		if a.ID == claims.ClientID {
			s.rotation.RLock()
			defer s.rotation.RUnlock()
			form := url.Values{"token": {token}}
			if a.Template.AuthStyle != alf.AuthPost {
				return s.post(ctx, path, form, a.ID, a.Secret())
			}
			form.Set("client_id", a.ID)
			form.Set("client_secret", a.Secret())
			return s.post(ctx, path, form, "", "")
		}
	}
	return nil, errors.New("no client has this token")
}

// post sends a form, with Basic authentication unless id is empty. Every status but 200 and, at the token endpoint, 403
// is an error.
func (s *Server) post(ctx context.Context, path string, form url.Values, id, secret string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url(path), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		r.SetBasicAuth(id, secret)
	}
	return s.do(r, http.StatusForbidden)
}

// do sends a request and reads the response. A status but 200 and those given is an error.
func (s *Server) do(r *http.Request, also ...int) ([]byte, error) {
	resp, err := s.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	for _, status := range append(also, http.StatusOK) {
		if resp.StatusCode == status {
			return body, nil
		}
	}
	return nil, fmt.Errorf("%s %s: %s %s", r.Method, r.URL.Path, resp.Status, body)
}

// admin sends JSON to the administration API.
func (s *Server) admin(ctx context.Context, method, path string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, s.url("/api"+path), bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	_, err = s.do(r)
	return err
}

// logIn makes s.http one of the administrator, whom the schema brings along.
func (s *Server) logIn(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	s.http = &http.Client{Jar: jar, Transport: http.DefaultTransport.(*http.Transport).Clone()}
	admin := map[string]any{"username": "admin", "password": "password"}
	for {
		err := s.admin(ctx, http.MethodPost, "/auth", admin)
		// It says that it has started before its port is open.
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.process.Done():
			return errors.New("glewlwyd has ended: " + s.process.Said())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// usePlugin adds the OpenID Connect plugin with the key that it signs tokens with and their lifetime, or gives it
// others.
func (s *Server) usePlugin(ctx context.Context, add bool) error {
	plugin := map[string]any{
		"module": "oidc", "name": "oidc", "display_name": "tokens for clients", "enabled": true,
		"parameters": map[string]any{
			"iss": s.url("/api/oidc"), "jwt-type": "sha", "jwt-key-size": "256", "key": s.key,
			"access-token-duration": int(s.lifetime.Seconds()), "refresh-token-duration": 1209600, "code-duration": 600,
			"refresh-token-rolling": true, "allow-non-oidc": true, "auth-type-client-enabled": true,
			"introspection-revocation-allowed": true, "introspection-revocation-allow-target-client": true,
			"introspection-revocation-auth-scope": []string{},
		},
	}
	s.lasting = s.lifetime
	if add {
		return s.admin(ctx, http.MethodPost, "/mod/plugin/", plugin)
	}
	if err := s.admin(ctx, http.MethodPut, "/mod/plugin/oidc", plugin); err != nil {
		return err
	}
	return s.admin(ctx, http.MethodPut, "/mod/plugin/oidc/reset", nil)
}

// registerAll registers the scope and all clients at the server.
func (s *Server) registerAll(ctx context.Context) error {
	err := s.admin(ctx, http.MethodPost, "/scope", map[string]any{
		"name": scope, "display_name": scope, "password_required": false, "scheme": map[string]any{},
	})
	if err != nil {
		return err
	}
	for _, a := range s.accounts {
		if err := s.admin(ctx, http.MethodPost, "/client", clientOf(a.ID, a.Secret())); err != nil {
			return err
		}
	}
	return nil
}

// clientOf is a client as the administration API has it.
func clientOf(id, secret string) map[string]any {
	return map[string]any{
		"client_id": id, "name": id, "confidential": true, "enabled": true, "client_secret": secret,
		"authorization_type": []string{"client_credentials"}, "scope": []string{scope},
		"token_endpoint_auth_method": []string{"client_secret_basic", "client_secret_post"},
	}
}

func (s *Server) conf() string { return filepath.Join(s.dir, "glewlwyd.conf") }

func (s *Server) url(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", s.port, path) }
