// Package statuspage looks at what the operators of alf proxy look at (X3): the status page in a real browser, and the
// metrics with the parser and the linter of Prometheus.
package statuspage

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/ports"
	"github.com/alf-go/alf/interop/sidecar"
	"github.com/alf-go/alf/sim"
)

// builds is where the command alf is, once it has been built.
var builds string

func TestMain(m *testing.M) {
	var err error
	if builds, err = os.MkdirTemp("", "alf"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(builds)
		os.Exit(code)
	}))
}

// build builds the command, once for all tests.
var build = sync.OnceValues(func() (string, error) { return sidecar.Build(context.Background(), "../..", builds) })

const (
	clientSecret = "the-secret-of-the-client"
	wrongSecret  = "a-secret-that-is-not-known"
	callerSecret = "the-secret-of-the-callers"
)

const (
	reportsHost = "reports.europe-west1.internal.example.com"
	// legacy is a name that has to be escaped, and in which no line can be broken at its end.
	legacy = `<b>legacy</b> & "co"-with-a_name_that_is_longer_than_any_column_of_the_page`
)

// longScope has no place where a line could be broken.
var longScope = "orders." + strings.Repeat("very", 30) + ".long"

// operated is a proxy as its operators meet it: with a token that is used, with one that a server in an outage does not
// issue, with one that is refused, with an upstream that is gone, and after a reload that failed.
type operated struct {
	*sidecar.Process
	listener string

	mu     sync.Mutex
	tokens map[string]bool // the values that reached the API
}

// The traffic of one round.
const (
	served      = 24 // requests that the API serves, one of them after a 401
	broken      = 3  // requests to which it responds with 500
	withoutAny  = 2  // requests that find no token, because of the outage
	refused     = 1  // the same, because the client is refused
	unreachable = 2  // requests to the upstream that is gone
	elsewhere   = 3  // requests without a route
	otherHost   = 1  // requests for a host that is not served
)

// operate starts it, and sends a round of requests.
func operate(t *testing.T) *operated {
	dir := t.TempDir()
	binary, err := build()
	require.NoError(t, err)
	write := func(name, content string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	write("client.secret", clientSecret)
	write("wrong.secret", wrongSecret)
	write("caller.secret", callerSecret)

	o := &operated{tokens: make(map[string]bool)}
	server := sim.New(sim.Options{Lifetime: time.Hour, API: http.HandlerFunc(o.api)})
	t.Cleanup(server.Close)
	server.AddClient(sidecar.ClientID, clientSecret)
	down := sim.New(sim.Options{})
	t.Cleanup(down.Close)
	down.GoDown(0)
	site := func(h http.Handler) string {
		s, err := lab.NewSite()
		require.NoError(t, err)
		s.Handler = h
		require.NoError(t, s.Start(t.Context()))
		t.Cleanup(s.Stop)
		return s.URL()
	}
	url, urlDown := site(server), site(down)
	found, err := ports.Find(3)
	require.NoError(t, err)
	address := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(found[i])) }

	o.Process, o.listener = sidecar.New(binary, dir), address(0)
	o.Admin = address(1)
	require.NoError(t, o.Write(sidecar.Config{
		"listeners":     []sidecar.Config{{"address": o.listener, "caller_secret_file": "caller.secret"}},
		"admin_address": o.Admin,
		"client":        sidecar.Config{"token_url": url + sim.TokenPath, "client_id": sidecar.ClientID, "client_secret_file": "client.secret"},
		"tenants": sidecar.Config{
			"outage":  sidecar.Config{"token_url": urlDown + sim.TokenPath},
			"refused": sidecar.Config{"client_secret_file": "wrong.secret"},
		},
		"routes": []sidecar.Config{
			{
				"name": "orders", "path": "/orders/", "methods": []string{"GET", "POST"}, "upstream": url,
				"audience": "https://orders.example.com", "scope": []string{"orders.read", "orders.write", longScope},
			},
			{"name": "billing", "path": "/billing/", "upstream": url, "tenant": "outage"},
			{"name": "reports", "path": "/reports/", "upstream": url, "tenant": "refused", "host": reportsHost},
			{"name": legacy, "path": "/legacy/", "upstream": "http://" + address(2) + "/" + strings.Repeat("deep/", 20)},
		},
	}))
	require.NoError(t, o.StartWithoutToken())
	t.Cleanup(func() { _ = o.Stop() })
	o.send(t, 1, http.StatusOK, "/orders/first") // has a token once it is served
	server.Revoke()
	o.round(t, served-1)

	good, err := os.ReadFile(o.File)
	require.NoError(t, err)
	write("proxy.json", strings.Replace(string(good), `"tenant": "outage"`, `"tenant": "unknown"`, 1))
	require.NoError(t, o.Reload("failed"))
	write("proxy.json", string(good))
	return o
}

// round sends a round of requests, of which the API serves so many.
func (o *operated) round(t *testing.T, served int) {
	o.send(t, served, http.StatusOK, "/orders/17")
	o.send(t, broken, http.StatusInternalServerError, "/orders/broken")
	o.send(t, withoutAny, http.StatusServiceUnavailable, "/billing/17")
	o.send(t, refused, http.StatusBadGateway, "/reports/17")
	o.send(t, unreachable, http.StatusBadGateway, "/legacy/17")
	o.send(t, elsewhere, http.StatusNotFound, "/elsewhere")
	o.send(t, otherHost, http.StatusMisdirectedRequest, "/orders/host")
}

// api notes the token, and serves.
func (o *operated) api(w http.ResponseWriter, r *http.Request) {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	o.mu.Lock()
	o.tokens[token] = true
	o.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/broken") {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// send sends n requests.
func (o *operated) send(t *testing.T, n, status int, path string) {
	t.Helper()
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	for range n {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+o.listener+path, nil)
		require.NoError(t, err)
		request.Header.Set("Alf-Caller-Secret", callerSecret)
		switch path {
		case "/reports/17":
			request.Host = reportsHost
		case "/orders/host":
			request.Host = "another.example.com"
		}
		response, err := client.Do(request)
		require.NoError(t, err)
		_ = response.Body.Close()
		require.Equal(t, status, response.StatusCode, path)
	}
}

// secrets are what may be shown nowhere.
func (o *operated) secrets() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := []string{clientSecret, wrongSecret, callerSecret}
	for token := range o.tokens {
		all = append(all, token)
	}
	return all
}

// url is an address of the admin listener.
func (o *operated) url(path string) string { return fmt.Sprintf("http://%s%s", o.Admin, path) }
