//go:build unix

package program

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/certtest"
)

// proxyOf starts a proxy with a client for each name, and a route of its name. Each client has the settings that are
// named.
func (e *effects) proxyOf(t *testing.T, p *proxyProcess, clients map[string]string) {
	e.configure(p, clients)
	p.start(nil, "--config", filepath.Join(p.dir, "proxy.json"))
}

func (e *effects) configure(p *proxyProcess, clients map[string]string) {
	var tenants, routes []string
	for name, settings := range clients {
		tenants = append(tenants, fmt.Sprintf(`%q: {"token_url": "%s/token/%s", "client_id": "me", %s}`, name, e.URL, name, settings))
		routes = append(routes, fmt.Sprintf(`{"path": "/%s", "upstream": %q, "tenant": %q}`, name, e.URL, name))
	}
	p.write("proxy.json", fmt.Sprintf(`{"listeners": [{"address": "unix:s"}], "tenants": {%s}, "routes": [%s]}`, strings.Join(tenants, ", "), strings.Join(routes, ", ")))
}

// reload has the file read again, for the nth time.
func (p *proxyProcess) reload(times int) {
	require.NoError(p.t, syscall.Kill(syscall.Getpid(), syscall.SIGHUP))
	p.stderr.awaitTimes(p.t, p.ended, "alf: reloaded", times)
}

// verifiedBy says whether an assertion has been signed with a key (ES256).
func verifiedBy(t *testing.T, assertion string, key *ecdsa.PublicKey) string {
	at := strings.LastIndex(assertion, ".")
	signature, err := base64.RawURLEncoding.DecodeString(assertion[at+1:])
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(assertion[:at]))
	half := len(signature) / 2
	return fmt.Sprint(ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])))
}

// move puts a file in place of another one, as credentials are replaced.
func move(t *testing.T, from, to string) { require.NoError(t, os.Rename(from, to)) }

// Credentials in files are read at every fetch: a new one needs no reload.
func TestF4_CredentialsAreReadAgainBehindTheProxy(t *testing.T) {
	e := newEffects(t)
	p := newProxyProcess(t, map[string]string{"secret": theSecret, "assertion": "eyJ.first.x", "ca.pem": trust(t, e.authority)})
	certtest.Write(t, p.dir, e.authority.Issue(t, "first"))
	first, key := newKey(t)
	move(t, key, filepath.Join(p.dir, "key.pem"))
	_, key = newKey(t)
	move(t, key, filepath.Join(p.dir, "dpop.pem"))
	const ca = `"ca_file": "ca.pem", `
	e.proxyOf(t, p, map[string]string{
		"secret":    ca + `"client_secret_file": "secret"`,
		"assertion": ca + `"assertion_file": "assertion"`,
		"key":       ca + `"key_file": "key.pem"`,
		"cert":      ca + `"cert_file": "client.pem", "cert_key_file": "client.key"`,
		"dpop":      ca + `"client_secret_file": "secret", "dpop": true, "dpop_key_file": "dpop.pem"`,
	})
	shown := func() map[string]string {
		all := make(map[string]string)
		for _, name := range []string{"secret", "assertion", "key", "cert", "dpop"} {
			status, body := p.get("s", "/"+name)
			require.Equal(t, 200, status, body)
			token, call := e.last(name)
			switch name {
			case "secret":
				all[name] = token.secret
			case "assertion":
				all[name] = token.form.Get("client_assertion")
			case "key":
				all[name] = verifiedBy(t, token.form.Get("client_assertion"), &first.PublicKey)
			case "cert":
				all[name] = token.certificate + ", " + call.certificate
			case "dpop":
				require.Equal(t, segment(t, token.Get("DPoP"), 0)["jwk"], segment(t, call.Get("DPoP"), 0)["jwk"])
				all[name] = fmt.Sprint(segment(t, call.Get("DPoP"), 0)["jwk"])
			}
		}
		return all
	}
	before := shown()
	p.write("secret", theSecret+"-2")
	p.write("assertion", "eyJ.second.x")
	certtest.Write(t, p.dir, e.authority.Issue(t, "second"))
	_, key = newKey(t)
	move(t, key, filepath.Join(p.dir, "key.pem"))
	_, key = newKey(t)
	move(t, key, filepath.Join(p.dir, "dpop.pem"))
	require.Equal(t, before, shown(), "the tokens are still the first")
	e.revoke(1)
	after := shown()
	for name := range before {
		require.NotEqual(t, before[name], after[name], name)
	}
	require.Equal(t, "first, first", before["cert"])
	require.Equal(t, "second, second", after["cert"])
	require.Equal(t, theSecret+"-2", after["secret"])
	for name := range before {
		require.Equal(t, 2, e.requests(name), name)
	}
}

// What is read once is read again by a reload, and so is a path that has changed. Other clients keep their tokens.
func TestX3_SIGHUPReadsFilesThatHaveChanged(t *testing.T) {
	e, other := newEffects(t), newEffects(t)
	p := newProxyProcess(t, map[string]string{"secret": theSecret, "ca.pem": trust(t, e.authority), "ca-2.pem": trust(t, e.authority)})
	certtest.Write(t, p.dir, e.authority.Issue(t, "first"))
	clients := map[string]string{
		"same": `"ca_file": "ca-2.pem", "client_secret_file": "secret"`,
		"ca":   `"ca_file": "ca.pem", "client_secret_file": "secret"`,
		"cert": `"ca_file": "ca-2.pem", "cert_file": "client.pem", "cert_key_file": "client.key"`,
	}
	e.configure(p, clients)
	content, err := os.ReadFile(filepath.Join(p.dir, "proxy.json"))
	require.NoError(t, err)
	elsewhere := fmt.Sprintf(`"routes": [{"path": "/elsewhere", "upstream": %q, "tenant": "ca"}, `, other.URL)
	p.write("proxy.json", strings.Replace(string(content), `"routes": [`, elsewhere, 1))
	p.start(nil, "--config", filepath.Join(p.dir, "proxy.json"))
	status, _ := p.get("s", "/elsewhere")
	require.Equal(t, 502, status)
	for name := range clients {
		status, body := p.get("s", "/"+name)
		require.Equal(t, 200, status, body)
	}
	_, call := e.last("cert")
	require.Equal(t, "first", call.certificate)

	require.NoError(t, os.Mkdir(filepath.Join(p.dir, "new"), 0o700))
	certtest.Write(t, filepath.Join(p.dir, "new"), e.authority.Issue(t, "second"))
	p.write("ca.pem", trust(t, e.authority)+trust(t, other.authority))
	content, err = os.ReadFile(filepath.Join(p.dir, "proxy.json"))
	require.NoError(t, err)
	p.write("proxy.json", strings.NewReplacer("client.pem", "new/client.pem", "client.key", "new/client.key").Replace(string(content)))
	p.reload(1)
	for name := range clients {
		status, body := p.get("s", "/"+name)
		require.Equal(t, 200, status, body)
	}
	token, call := e.last("cert")
	require.Equal(t, []string{"second", "second"}, []string{token.certificate, call.certificate})
	status, body := p.get("s", "/elsewhere")
	require.Equal(t, 200, status, body)
	p.reload(2)
	p.get("s", "/ca")
	require.Equal(t, []int{1, 2, 2}, []int{e.requests("same"), e.requests("ca"), e.requests("cert")})
}

// Clients of a proxy share through a store as processes do, unless their keys differ. A key that is replaced needs no
// reload: with the new one, the clients that have it too share at once.
func TestD1_ClientsOfTheProxyShareThroughAStore(t *testing.T) {
	e := newEffects(t)
	p := newProxyProcess(t, map[string]string{
		"secret": theSecret, "ca.pem": trust(t, e.authority), "key": "0123456789abcdef", "key-2": "0123456789abcdef", "other": "fedcba9876543210",
	})
	client := fmt.Sprintf(`"token_url": "%s/token/shared", "client_id": "me", "ca_file": "ca.pem", "client_secret_file": "secret", "store": "store"`, e.URL)
	var tenants, routes []string
	for _, name := range []string{"key", "key-2", "other"} {
		tenants = append(tenants, fmt.Sprintf(`%q: {%s, "store_key_file": %q}`, name, client, name))
		routes = append(routes, fmt.Sprintf(`{"path": "/%s", "upstream": %q, "tenant": %q}`, name, e.URL, name))
	}
	p.write("proxy.json", fmt.Sprintf(`{"listeners": [{"address": "unix:s"}], "tenants": {%s}, "routes": [%s]}`, strings.Join(tenants, ", "), strings.Join(routes, ", ")))
	p.start(nil, "--config", filepath.Join(p.dir, "proxy.json"))
	get := func(name string) string {
		status, body := p.get("s", "/"+name)
		require.Equal(t, 200, status, body)
		return body
	}
	require.Equal(t, get("key"), get("key-2"))
	require.NotEqual(t, get("key"), get("other"))
	require.Equal(t, 2, e.requests("shared"))
}
