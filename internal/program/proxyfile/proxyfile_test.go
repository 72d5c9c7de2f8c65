package proxyfile_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/memorystore"
	"github.com/alf-go/alf/internal/program/proxyfile"
	"github.com/alf-go/alf/internal/program/settings"
	"github.com/alf-go/alf/store"
)

// docs/proxy.md has the schema: what the tables say is what the program reads.
func TestX1_TheDocumentIsTheSchema(t *testing.T) {
	content, err := os.ReadFile("../../../docs/proxy.md")
	require.NoError(t, err)
	require.True(t, strings.Contains(string(content), proxyfile.Document()), "docs/proxy.md does not contain:\n%s", proxyfile.Document())
}

// folder has the files that a configuration names.
func folder(t *testing.T) string {
	dir := t.TempDir()
	for _, name := range []string{"secret", "secret2", "caller"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("0123456789abcdef-"+name), 0o600))
	}
	return dir
}

func load(t *testing.T, dir, content string) *proxyfile.Loaded {
	t.Helper()
	path := filepath.Join(dir, "proxy.json")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	loaded, err := (&proxyfile.Clients{Table: settings.All()}).Load(t.Context(), path)
	require.NoError(t, err)
	return loaded
}

const template = `{
  "listeners": [{"address": "unix:x.sock"}],
  "client": {"token_url": "https://idp.example.com/token", "client_id": "me", "client_secret_file": "secret"},
  "tenants": {"acme": {"client_id": "acme"}},
  "routes": [{"path": "/a", "upstream": "https://a.example.com"}, {"path": "/b", "upstream": "https://b.example.com", "tenant": "acme"}]
}`

// keys are those of the clients, by name.
func keys(loaded *proxyfile.Loaded) map[string]string {
	all := make(map[string]string)
	for _, c := range loaded.Config.Clients {
		all[c.Name] = c.Key
	}
	return all
}

// The key of a client is what its settings come to, after inheritance: by it, tokens are kept over a reload (X3).
func TestX3_TheKeyOfAClientIsItsSettings(t *testing.T) {
	dir := folder(t)
	before := keys(load(t, dir, template))
	require.NotEqual(t, before[""], before["acme"])
	for name, c := range map[string]struct {
		old, new   string
		mine, acme bool // whether the key changes
	}{
		"order and form":         {`"token_url": "https://idp.example.com/token", "client_id": "me"`, `"client_id": "me", "scope": [], "token_url":"https://idp.example.com/token"`, false, false},
		"an inherited setting":   {`"client_secret_file": "secret"`, `"client_secret_file": "secret2"`, true, true},
		"one that is replaced":   {`"client_id": "me"`, `"client_id": "you"`, true, false},
		"a tenant's own":         {`"acme": {"client_id": "acme"}`, `"acme": {"client_id": "acme", "scope": "a"}`, false, true},
		"the same by itself":     {`"acme": {"client_id": "acme"}`, `"acme": {"client_id": "acme", "token_url": "https://idp.example.com/token"}`, false, false},
		"routes":                 {`"path": "/a"`, `"path": "/c", "scope": "x"`, false, false},
		"an upstream over http":  {`"https://b.example.com"`, `"http://b.example.com", "allow_http": true`, false, true},
		"a certificate for both": {`"client_id": "me"`, `"client_id": "me", "timeout": "7s"`, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, template, c.old)
			after := keys(load(t, dir, strings.Replace(template, c.old, c.new, 1)))
			require.Equal(t, c.mine, before[""] != after[""])
			require.Equal(t, c.acme, before["acme"] != after["acme"])
		})
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("another secret of the client"), 0o600))
	require.Equal(t, before, keys(load(t, dir, template)), "what is in the files is read at every fetch")
}

// A tenant's own settings take the place of those that they exclude.
func TestX2_TenantsReplaceWhatExcludesTheirOwn(t *testing.T) {
	dir := folder(t)
	acme := func(settings string) *proxyfile.Loaded {
		return load(t, dir, strings.Replace(template, `{"client_id": "acme"}`, settings, 1))
	}
	loaded := acme(`{"issuer": "https://other.example.com"}`)
	require.Equal(t, "https://other.example.com", loaded.Config.Clients[1].Config.Issuer)
	require.Empty(t, loaded.Config.Clients[1].Config.TokenURL)
	require.Equal(t, "me", loaded.Config.Clients[1].Config.ClientID)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "assertion"), []byte("an.assertion.x"), 0o600))
	loaded = acme(`{"assertion_file": "assertion"}`)
	require.Nil(t, loaded.Config.Clients[1].Config.ClientSecret)
	require.Equal(t, "client_assertion", loaded.Config.Clients[1].Config.AuthStyle.String())
	loaded = acme(`{"client_secret_file": "secret2"}`)
	secret, err := loaded.Config.Clients[1].Config.ClientSecret(t.Context())
	require.NoError(t, err)
	require.Equal(t, "0123456789abcdef-secret2", secret)
}

// A proxy keeps the limits of M9: it has callers with limits of their own. A command waits as long as its user does.
func TestM9_AServiceKeepsTheLibrarysLimits(t *testing.T) {
	dir := folder(t)
	policy := load(t, dir, template).Config.Clients[0].Config.Policy
	require.Zero(t, policy)
	for timeout, limits := range map[string][2]time.Duration{"7s": {7 * time.Second, 10 * time.Second}, "20s": {20 * time.Second, 20 * time.Second}} {
		policy = load(t, dir, strings.Replace(template, `"client_id": "me"`, `"client_id": "me", "timeout": "`+timeout+`"`, 1)).Config.Clients[0].Config.Policy
		require.Equal(t, limits, [2]time.Duration{policy.AttemptTimeout, policy.RoundTimeout})
	}
}

// What a route says arrives.
func TestX2_RoutesAndListenersArrive(t *testing.T) {
	dir := folder(t)
	loaded := load(t, dir, `{
  "listeners": [{"address": "unix:x.sock", "mode": "0660"}, {"address": "[::1]:8480", "allow_local_users": true, "hosts": ["Orders.local"]}, {"address": "systemd:orders"}],
  "health_address": "0.0.0.0:8481", "admin_address": "unix:admin.sock", "drain_time": "5s", "access_log": "stdout",
  "client": {"token_url": "https://idp.example.com/token", "client_id": "me", "client_secret_file": "secret"},
  "routes": [{"name": "r", "host": "API.example.com", "path": "/a/", "methods": ["GET"], "upstream": "http://[::1]:80/v%202/", "authorization": "pass", "cookies": "pass",
    "host_header": "pass", "forwarded": "append", "encoded_slashes": "pass", "http2": true, "response_time": "3s", "scope": ["a", "b"], "param": {"x": "y"}},
    {"path": "/b", "methods": "GET", "upstream": "https://b.example.com"}, {"path": "/b", "methods": "PUT", "upstream": "https://b.example.com"}]
}`)
	cfg := loaded.Config
	require.Equal(t, "unix:"+filepath.Join(dir, "x.sock"), cfg.Listeners[0].Address)
	require.Equal(t, os.FileMode(0o660), cfg.Listeners[0].Mode)
	require.Equal(t, []string{"orders.local", "::1"}, cfg.Listeners[1].Hosts)
	require.Equal(t, "unix:"+filepath.Join(dir, "admin.sock"), cfg.Admin)
	require.Equal(t, "0.0.0.0:8481", cfg.Health)
	require.Equal(t, [2]time.Duration{5 * time.Second, 5 * time.Second}, [2]time.Duration{cfg.DrainTime, cfg.UpgradeDrainTime}, "the part ends before the whole")
	require.Same(t, os.Stdout, loaded.Writer(os.Stdout, os.Stderr))
	r := cfg.Routes[0]
	require.Equal(t, "api.example.com", r.Host)
	require.Equal(t, "/v%202/", r.UpstreamPath)
	require.Equal(t, "http://[::1]:80", r.Upstream.String())
	require.Equal(t, "pass pass pass append", strings.Join([]string{r.Headers.Authorization.String(), r.Headers.Cookies.String(), r.Headers.Host.String(), r.Headers.Forwarded.String()}, " "))
	require.True(t, r.EncodedSlashes && r.HTTP2)
	require.Equal(t, 3*time.Second, r.ResponseTime)
	require.Equal(t, []string{"a", "b"}, r.Target.Scopes)
	require.Equal(t, "y", r.Target.Params.Get("x"))
	r = cfg.Routes[1]
	require.Equal(t, "refuse drop replace drop", strings.Join([]string{r.Headers.Authorization.String(), r.Headers.Cookies.String(), r.Headers.Host.String(), r.Headers.Forwarded.String()}, " "))
	require.Equal(t, []string{"GET /b", "PUT /b"}, []string{r.Name, cfg.Routes[2].Name}, "metrics distinguish them")
	require.Nil(t, r.Target.Scopes, "those of the client")
}

// A caller secret can be replaced while the proxy runs, and is never lost while it is being replaced.
func TestX2_ACallerSecretCanBeReplaced(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "caller")
	synctest.Test(t, func(t *testing.T) {
		listener := load(t, dir, strings.Replace(template, `"unix:x.sock"`, `"127.0.0.1:8480", "caller_secret_file": "caller"`, 1)).Config.Listeners[0]
		read := func() string {
			secret, err := listener.CallerSecret()
			require.NoError(t, err)
			return string(secret)
		}
		write := func(content string, changed time.Time) {
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			require.NoError(t, os.Chtimes(path, changed, changed))
		}
		now := time.Now()
		require.Equal(t, "0123456789abcdef-caller", read())
		write("fedcba9876543210\n", now)
		require.Equal(t, "0123456789abcdef-caller", read(), "it is looked at once a second")
		time.Sleep(time.Second)
		require.Equal(t, "fedcba9876543210", read())
		write("", now.Add(time.Hour))
		time.Sleep(time.Second)
		require.Equal(t, "fedcba9876543210", read(), "it is being written")
		require.NoError(t, os.Remove(path))
		time.Sleep(time.Second)
		require.Equal(t, "fedcba9876543210", read(), "it is being replaced")
		write("a-new-secret-of-24-bytes", now.Add(2*time.Hour))
		time.Sleep(time.Second)
		require.Equal(t, "a-new-secret-of-24-bytes", read())
	})
}

// The key of a store can be replaced while the proxy runs: what is sealed with the one before can be read then.
func TestD1_TheKeyOfAStoreCanBeReplaced(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "store.key")
	write := func(content string) { require.NoError(t, os.WriteFile(path, []byte(content), 0o600)) }
	write("0123456789abcdef")
	read := load(t, dir, strings.Replace(template, `"client_id": "me"`, `"client_id": "me", "store": "store", "store_key_file": "store.key"`, 1)).Config.Clients[0].Config.StoreKey
	for _, step := range []struct{ file, current, previous string }{
		{"0123456789abcdef", "0123456789abcdef", ""},
		{"fedcba9876543210", "fedcba9876543210", "0123456789abcdef"},
		{"fedcba9876543210", "fedcba9876543210", "0123456789abcdef"},
		{"being written", "fedcba9876543210", "0123456789abcdef"},
		{"0123456789ABCDEF", "0123456789ABCDEF", "fedcba9876543210"},
	} {
		write(step.file)
		current, previous, err := read(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{step.current, step.previous}, []string{string(current), string(previous)})
	}
	require.NoError(t, os.Remove(path))
	current, _, err := read(t.Context())
	require.NoError(t, err)
	require.Equal(t, "0123456789ABCDEF", string(current), "it is being replaced")
}

// A program with more built in has settings and stores of its own here too: each client gets its values, and a store is
// opened once, however often the file is read.
func TestX1_SettingsAndStoresOfExtensions(t *testing.T) {
	dir := folder(t)
	region, opened := "default", 0
	var configured []string
	with := &proxyfile.Clients{
		Table: append(settings.All(), settings.Setting{Name: "region", Into: &region, Group: settings.Connection, Help: "the `NAME` of a region"}),
		Stores: settings.Stores{"mem": func(context.Context, string, func(error)) (store.Store, error) {
			opened++
			return new(memorystore.Store), nil
		}},
		Configure: []func(context.Context, *alf.Config) error{func(_ context.Context, c *alf.Config) error {
			configured = append(configured, c.ClientID+" in "+region)
			return nil
		}},
	}
	path := filepath.Join(dir, "proxy.json")
	write := func(content string) { require.NoError(t, os.WriteFile(path, []byte(content), 0o600)) }
	write(strings.NewReplacer(`"client_id": "me"`, `"client_id": "me", "store": "mem://x"`, `"client_id": "acme"`, `"client_id": "acme", "region": "eu"`).Replace(template))
	first, err := with.Load(t.Context(), path)
	require.NoError(t, err)
	second, err := with.Load(t.Context(), path)
	require.NoError(t, err)
	require.Equal(t, []string{"me in default", "acme in eu", "me in default", "acme in eu"}, configured)
	require.Equal(t, 1, opened)
	require.Equal(t, "default", region)
	require.Equal(t, keys(first), keys(second))
	write(strings.Replace(template, `"client_id": "acme"`, `"client_id": "acme", "regoin": "eu"`, 1))
	_, err = with.Load(t.Context(), path)
	require.ErrorContains(t, err, `unknown key "tenants.acme.regoin": did you mean "region"?`)
}

// Whatever is cut off, left out or doubled in a file, the error says where, or there is none.
func TestX2_EveryDamagedFileIsAnErrorWithAPosition(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "proxy.json")
	position := regexp.MustCompile(`^` + regexp.QuoteMeta(path) + `:\d+:\d+: `)
	with := &proxyfile.Clients{Table: settings.All(), Offline: true}
	try := func(content string) error {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := with.Load(t.Context(), path)
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				require.Regexp(t, position, line, content)
			}
		}
		return err
	}
	require.NoError(t, try(template))
	for i := range len(template) {
		require.Error(t, try(template[:i]), i)
		rest := []string{template[i+1:], template[i:i+1] + template[i:], "null" + template[i:], "\x00" + template[i:]}
		_ = try(template[:i] + rest[i%len(rest)])
	}
	for _, value := range []string{"null", "0", `""`, "[]", "{}", "[{}]", `[""]`, "true", `{"":{}}`, "[[]]", "-1e999"} {
		for _, key := range []string{"listeners", "client", "tenants", "routes", "address", "token_url", "client_id", "path", "upstream", "tenant", "acme"} {
			_ = try(regexp.MustCompile(`"`+key+`": (\[[^\n]*\]|\{[^\n]*\}|"[^"]*")`).ReplaceAllLiteralString(template, `"`+key+`": `+value))
		}
	}
}
