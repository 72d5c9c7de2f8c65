package program

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// proxyProcess is a run of `alf proxy` that goes on.
type proxyProcess struct {
	t      *testing.T
	dir    string // for files and sockets; its path is short
	cancel context.CancelFunc
	ended  chan struct{}
	code   int
	stdout safeBuffer
	stderr safeBuffer
}

// safeBuffer is written to by many goroutines, and waited for.
type safeBuffer struct {
	mu      sync.Mutex
	written bytes.Buffer
	more    chan struct{}
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.more != nil {
		close(b.more)
		b.more = nil
	}
	return b.written.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.written.String()
}

// await waits until a text was written.
func (b *safeBuffer) await(t *testing.T, ended <-chan struct{}, text string) {
	t.Helper()
	b.awaitTimes(t, ended, text, 1)
}

// awaitTimes waits until it was written a number of times.
func (b *safeBuffer) awaitTimes(t *testing.T, ended <-chan struct{}, text string, times int) {
	t.Helper()
	for {
		b.mu.Lock()
		if strings.Count(b.written.String(), text) >= times {
			b.mu.Unlock()
			return
		}
		if b.more == nil {
			b.more = make(chan struct{})
		}
		more := b.more
		b.mu.Unlock()
		select {
		case <-more:
		case <-ended:
			require.Contains(t, b.String(), text)
			return
		}
	}
}

// newProxyProcess has a folder with files; start runs it.
func newProxyProcess(t *testing.T, files map[string]string) *proxyProcess {
	dir, err := os.MkdirTemp("", "alf") // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &proxyProcess{t: t, dir: dir, ended: make(chan struct{})}
	for name, content := range files {
		p.write(name, content)
	}
	return p
}

func (p *proxyProcess) write(name, content string) {
	require.NoError(p.t, os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600))
}

func (p *proxyProcess) start(env map[string]string, args ...string) *proxyProcess {
	ctx, cancel := context.WithCancel(p.t.Context())
	p.cancel = cancel
	go func() {
		defer close(p.ended)
		p.code = run(ctx, append([]string{"alf", "proxy"}, args...), strings.NewReader(""), &p.stdout, &p.stderr, environmentOf(env))
	}()
	p.t.Cleanup(func() { p.stop() })
	p.stderr.await(p.t, p.ended, "alf: proxy started")
	return p
}

// stop ends it as SIGTERM does, and returns its exit code.
func (p *proxyProcess) stop() int {
	p.cancel()
	<-p.ended
	require.NotContains(p.t, p.stdout.String()+p.stderr.String(), theSecret)
	return p.code
}

// get requests a path by a Unix socket in the folder.
func (p *proxyProcess) get(socket, path string) (status int, body string) {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(p.dir, socket))
	}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get("http://localhost" + path)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, string(content)
}

// tokenEcho is an API that returns the token of a request.
func tokenEcho(t *testing.T) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"))
	})
}

// tokensByClient is a token endpoint whose tokens say for which client they are.
func tokensByClient(t *testing.T) *idp {
	i := newIDP(t)
	i.respond = func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"for-%s","token_type":"Bearer","expires_in":3600}`, user)
	}
	return i
}

func TestX1_ServesTheRoutesOfAFile(t *testing.T) {
	i, api := tokensByClient(t), tokenEcho(t)
	p := newProxyProcess(t, map[string]string{"secret": theSecret, "proxy.json": fmt.Sprintf(`{
  "listeners": [{"address": "unix:alf.sock"}],
  "client": {"token_url": %q, "client_id": "me", "client_secret_file": "secret"},
  "tenants": {"acme": {"client_id": "acme"}},
  "routes": [
    {"path": "/orders/", "upstream": "%s/v2/"},
    {"path": "/plain", "upstream": %q, "tenant": "acme", "scope": ["read"]}
  ]
}`, i.URL, api, api)})
	p.start(nil, "--config", filepath.Join(p.dir, "proxy.json"))
	info, err := os.Stat(filepath.Join(p.dir, "alf.sock"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	status, body := p.get("alf.sock", "/orders/17?a=b")
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, "GET /v2/17?a=b Bearer for-me", body)
	_, body = p.get("alf.sock", "/plain/x")
	require.Equal(t, "GET /plain/x Bearer for-acme", body)
	require.ElementsMatch(t, []string{"me:" + theSecret, "acme:" + theSecret}, i.auths)
	require.ElementsMatch(t, []string{"grant_type=client_credentials", "grant_type=client_credentials&scope=read"}, i.forms)
	status, _ = p.get("alf.sock", "/elsewhere")
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, exit.OK, p.stop())
	require.NoFileExists(t, filepath.Join(p.dir, "alf.sock"))
}

// One route needs no file. Variables work as for every command.
func TestX1_ServesARouteOfFlags(t *testing.T) {
	i, api := newIDP(t), tokenEcho(t)
	p := newProxyProcess(t, nil)
	env := i.configured(map[string]string{"ALF_PROXY_UPSTREAM": api + "/v2", "ALF_PROXY_ACCESS_LOG": "off"})
	p.start(env, "--listen", "unix:"+filepath.Join(p.dir, "s"), "--mode", "0660", "--path", "/orders", "--audience", "api")
	info, err := os.Stat(filepath.Join(p.dir, "s"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o660), info.Mode().Perm())
	_, body := p.get("s", "/orders/17")
	require.Equal(t, "GET /v2/17 Bearer token-1", body)
	require.Equal(t, []string{"audience=api&grant_type=client_credentials"}, i.forms)
	require.Equal(t, exit.OK, p.stop())
}

// The flags are the schema's fields, and their errors name the flag or the variable.
func TestX2_FlagsHaveTheErrorsOfTheFile(t *testing.T) {
	i := newIDP(t)
	for _, c := range []struct {
		env  map[string]string
		args []string
		says []string
	}{
		{nil, []string{"--listen", "127.0.0.1:8480", "--upstream", "https://x"}, []string{"--listen: lets every user of this machine use the tokens: use a Unix socket, or set --caller-secret-file, or --allow-local-users if that is meant"}},
		{nil, []string{"--upstream", "https://x"}, []string{"--listen is missing: write unix:PATH for a Unix socket, which is safest, or HOST:PORT"}},
		{nil, []string{"--listen", "unix:/x"}, []string{"--upstream is missing: write the URL that requests are sent to"}},
		{map[string]string{"ALF_PROXY_UPSTREAM": "ws://" + theSecret}, []string{"--listen", "unix:/x"}, []string{"ALF_PROXY_UPSTREAM: has the scheme of websockets, which begin as requests: write http:// or https://"}},
		{nil, []string{"--listen", "unix:/x", "--upstream", "http://api.example.com"}, []string{"--upstream: has http://, by which the token goes in plain text: write https://, or set --allow-http if that is meant"}},
		{nil, []string{"--listen", "unix:/x", "--upstream", "https://x", "--mode", "9", "--forwarded", "off", "--drain-time", "-1s", "--methods", "get"}, []string{
			`--mode: is no mode in octal: write for example "0600"`, "--methods: is in lower case, and methods are compared exactly: write it in capitals",
			"--forwarded: must be drop, append or pass", "--drain-time: must not be negative"}},
		{map[string]string{"ALF_CLIENT_ID": ""}, []string{"--listen", "unix:/x", "--upstream", "https://x"}, []string{"--client-id is missing: set it, or ALF_CLIENT_ID, or client_id in a configuration file"}},
		{nil, []string{"--listen", "unix:/x", "--upstream", "https://x", "--origin", "https://y"}, []string{"--upstream: is none of the client's origins, outside which its token does not go: add https://x to origin, or remove that"}},
		{map[string]string{"ALF_CONFIG": "/nowhere"}, []string{"--listen", "unix:/x", "--upstream", "https://x"}, []string{"configuration file: open /nowhere: no such file or directory"}},
		{nil, []string{"--listen", "unix:/x", "--upstream", "https://x", "--http2", "--response-time", "soon"}, []string{`--response-time is "soon": must be a duration, such as "30s" (see alf proxy --help)`}},
	} {
		r := alfIn(t, invocation{env: i.configured(c.env)}, append([]string{"proxy"}, c.args...)...)
		require.Equal(t, exit.Usage, r.code)
		require.Equal(t, "alf: "+strings.Join(c.says, "\nalf: ")+"\n", r.err)
	}
	require.Zero(t, i.issued)
}

// `alf proxy route` decides as the proxy would, and sends nothing.
func TestX2_RouteReportsRouteTokenAndPolicies(t *testing.T) {
	i := newIDP(t)
	file := proxyFolder(t, fmt.Sprintf(`{
  "listeners": [{"address": "unix:/run/a.sock"}, {"address": "127.0.0.1:8480", "caller_secret_file": "caller", "hosts": ["orders.local"]}],
  "client": {"issuer": %q, "client_id": "me", "client_secret_file": "secret-that-is-not-read", "scope": "all"},
  "tenants": {"acme": {"client_id": "acme", "param": {"a": %q}}},
  "routes": [
    {"name": "orders", "path": "/orders/", "methods": ["GET", "POST"], "upstream": "https://api.example.com/v2/", "tenant": "acme", "audience": "x", "cookies": "pass", "response_time": "5s"},
    {"host": "Stock.example.com", "upstream": "https://stock.example.com"}
  ]
}`, i.URL, theSecret))
	route := func(code int, args ...string) string {
		t.Helper()
		r := alfIn(t, invocation{}, append([]string{"proxy", "route", "--config", file}, args...)...)
		require.Equal(t, code, r.code, r.out+r.err)
		return strings.ReplaceAll(strings.ReplaceAll(r.out, file, "FILE"), i.URL, "ISSUER")
	}
	require.Equal(t, `listener   unix:/run/a.sock, 127.0.0.1:8480 (with the caller secret)
route      orders, FILE:6:5: routes[0]
upstream   POST https://api.example.com/v2/17?a=b
token      tenant "acme", client "acme" of ISSUER, audience x, scope all, parameters a
policies   Authorization: refuse, cookies: pass, Host: upstream, Forwarded: drop, encoded slashes: refuse
time       5 seconds until the response begins
`, route(exit.OK, "-XPOST", "http://localhost:8480/orders/17?a=b"))
	require.Contains(t, route(exit.OK, "-H", "Host: STOCK.example.com", "/a/%C3%A4"), `route      Stock.example.com/, FILE:7:5: routes[1]
upstream   GET https://stock.example.com/a/%C3%A4
token      client "me" of ISSUER, scope all
`)
	require.Equal(t, `listener   unix:/run/a.sock
refused    421 Misdirected Request: this Host is not served here: it has to be that of a route or among the listener's hosts

listener   127.0.0.1:8480 (with the caller secret)
route      orders, FILE:6:5: routes[0]
upstream   GET https://api.example.com/v2/
`, strings.SplitAfter(route(exit.OK, "http://orders.local/orders"), "/v2/\n")[0])
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"/nowhere"}, "refused    404 Not Found: no route has this host and path\n"},
		{[]string{"-X", "PUT", "/orders"}, "refused    405 Method Not Allowed: no route has this path with this method\nallowed    GET, POST\n"},
		{[]string{"/orders/../x"}, "refused    400 Bad Request: the path has a dot segment"},
		{[]string{"/orders/a%2Fb"}, "refused    400 Bad Request: the path has an encoded slash"},
		{[]string{"-H", "authorization: Bearer " + theSecret, "/orders"}, "refused    400 Bad Request: this route adds the Authorization itself"},
		{[]string{"-H", "sec-fetch-site: same-site", "/orders"}, "refused    403 Forbidden: "},
	} {
		require.Contains(t, route(exit.API, c.args...), c.says)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"https://localhost/"}, "URL: programs speak plain http with the proxy"},
		{[]string{"orders"}, "URL: write http://HOST/PATH, or the path alone"},
		{[]string{"-H", "x", "/"}, "-H: not of the form 'NAME: VALUE'"},
		{[]string{"-X", "G T", "/"}, "-X: not a method: write for example GET"},
		{nil, "URL is missing (see alf proxy route --help)"},
	} {
		r := alfIn(t, invocation{}, append([]string{"proxy", "route", "--config", file}, c.args...)...)
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.err, c.says)
	}
	require.Zero(t, i.issued)
}

// `alf proxy validate` tries each route: the token, and the connection to the upstream.
func TestX2_ValidateTriesEveryRoute(t *testing.T) {
	i := newIDP(t)
	var mu sync.Mutex
	var got []string
	api := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
	})
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	file := proxyFolder(t, fmt.Sprintf(`{
  "listeners": [{"address": "unix:/run/a.sock"}],
  "client": {"token_url": %q, "client_id": "me", "client_secret_file": "secret"},
  "tenants": {"denied": {"token_url": %q}},
  "routes": [
    {"name": "good", "path": "/a", "upstream": "%s/v2"},
    {"name": "down", "path": "/b", "upstream": "http://%s"},
    {"name": "untrusted", "path": "/c", "upstream": %q},
    {"name": "denied", "path": "/d", "upstream": %q, "tenant": "denied"}
  ]
}`, i.URL, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":"invalid_client"}`)
	}), api, closed.Addr(), untrusted.URL, api))
	r := alfIn(t, invocation{}, "proxy", "validate", "--config", file)
	require.Equal(t, exit.Unreachable, r.code, r.out+r.err)
	require.Equal(t, "alf: the validation failed for 3 of 4 routes\n", r.err)
	out := strings.ReplaceAll(r.out, file, "FILE")
	for _, says := range []string{
		"✓ good         a token, and a connection to " + api, "token: Bearer, for 60 minutes", "connection: to 127.0.0.1:",
		"✗ down         FILE:7:48: routes[1].upstream: no connection: connection: there is none\n", "remedy: nothing listens there: is the port in upstream right, and the server up?",
		"✗ untrusted    FILE:8:53: routes[2].upstream: no connection: TLS: the handshake failed\n", "name its certificate by ca_file",
		"✗ denied       FILE:9:5: routes[3]: no token: authenticate: ", "401 Unauthorized: invalid_client", "compare client_id and secret with what was registered",
	} {
		require.Contains(t, out, says)
	}
	require.Equal(t, []string{"HEAD / "}, got, "without the token, and not where there is none")
}
