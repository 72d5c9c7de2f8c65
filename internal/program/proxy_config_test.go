package program

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// soundProxy is a file in which nothing is wrong. The rows of tests replace a part of it.
const soundProxy = `{
  "listeners": [{"address": "unix:/run/alf/x.sock"}],
  "client": {"token_url": "https://idp.example.com/token", "client_id": "me", "client_secret_file": "secret"},
  "routes": [{"path": "/orders/", "upstream": "https://api.example.com/v2/"}]
}
`

// here marks in a row where a problem is to be reported.
const here = "▸"

const (
	soundListener = `{"address": "unix:/run/alf/x.sock"}`
	soundClient   = `{"token_url": "https://idp.example.com/token", "client_id": "me", "client_secret_file": "secret"}`
	soundRoute    = `{"path": "/orders/", "upstream": "https://api.example.com/v2/"}`
	soundPath     = `"/orders/"`
	soundUpstream = `"https://api.example.com/v2/"`
)

// proxyFolder has a file for the proxy, and the files that it names.
func proxyFolder(t *testing.T, content string) (file string) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"secret": theSecret, "caller": "0123456789abcdef", "short": theSecret[:15], "empty": "\n", "blank": "0123456789 abcdef", "proxy.json": content,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return filepath.Join(dir, "proxy.json")
}

// marked removes the mark from a text, and returns its line and column.
func marked(t *testing.T, text string) (clean string, line, column int) {
	before, _, found := strings.Cut(text, here)
	require.True(t, found, "no mark in %s", text)
	return strings.Replace(text, here, "", 1), strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1
}

// Every error names file, line and column, the field and the remedy, and nothing else is reported.
func TestX2_ConfigurationErrorsHaveLineAndColumn(t *testing.T) {
	listener := func(l string) [2]string { return [2]string{soundListener, l} }
	route := func(r string) [2]string { return [2]string{soundRoute, r} }
	path := func(p string) [2]string { return [2]string{soundPath, p} }
	upstream := func(u string) [2]string { return [2]string{soundUpstream, u} }
	client := func(c string) [2]string { return [2]string{soundClient, c} }
	add := func(more string) [2]string { return [2]string{soundRoute + "]", soundRoute + "], " + more} }
	for _, c := range []struct {
		replace [2]string
		says    string
	}{
		// The syntax.
		{[2]string{`"routes": [`, `"routes": [ ▸// mine` + "\n"}, "it is not JSON: invalid character '/' looking for beginning of value: JSON has no comments: remove it"},
		{[2]string{soundRoute + "]\n", soundRoute + "],\n▸"}, "it is not JSON: invalid character '}' looking for beginning of object key string: remove the comma before it"},
		{[2]string{`],` + "\n" + `  "client"`, "]\n  ▸\"client\""}, `it is not JSON: invalid character '"' after object key:value pair: is a comma missing before it?`},
		{[2]string{"]\n}\n", "]\n▸"}, "it is not JSON: it ends too early: is a bracket or a quotation mark missing?"},
		{[2]string{`"me"`, "▸'me'"}, `it is not JSON: invalid character '\'' looking for beginning of value: use double quotation marks`},
		{[2]string{`"me"`, "\"me▸\xff\""}, "it is not UTF-8: save it as that"},
		{[2]string{soundProxy, "▸\ufeff" + soundProxy}, "it begins with a byte order mark: save it as UTF-8 without one"},
		{[2]string{soundProxy, "  ▸[1]"}, "it has to be a JSON object: begin it with { and end it with }"},
		{[2]string{soundProxy, "{}\n▸{}"}, "it is not JSON: invalid character '{' after top-level value"},

		{add(`"x": ` + strings.Repeat("[", 64) + "▸[" + strings.Repeat("]", 65)), "values are nested more than 64 deep: no setting needs that"},

		// Names.
		{add(`▸"routs": 1`), `unknown key "routs": did you mean "routes"?`},
		{route(`{▸"upstraem": 1, "upstream": "https://api.example.com"}`), `unknown key "routes[0].upstraem": did you mean "upstream"?`},
		{listener(`{"address": "unix:/run/x", ▸"qqqqqq": 1}`), `unknown key "listeners[0].qqqqqq": use address, allow_any_address, allow_local_users, caller_secret_file, hosts, mode`},
		{client(`{"token_url": "https://idp.example.com", "client_id": "ümlaut", ▸"clientid": "x", "client_secret_file": "secret"}`), `unknown key "client.clientid": did you mean "client_id"?`},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", ▸"client_secret": "` + theSecret + `"}`), "client.client_secret: a secret does not belong into this file: put it into one of its own and name that in client_secret_file"},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", ▸"config": "x", "client_secret_file": "secret"}`), `unknown key "client.config": use allow_http, assertion_algorithm,`},
		{add("\n" + `▸"routes": []`), "routes: occurs twice: remove one; the other is in line 4"},
		{route(`{"path": "/a", "upstream": "https://api.example.com", ▸"path": "/b"}`), "routes[0].path: occurs twice: remove one; the other is in line 4"},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "client_secret_file": "secret", "param": {"a": "1", ▸"a": "2"}}`), "client.param.a: occurs twice: remove one; the other is in line 3"},

		// What values are.
		{add(`"drain_time": ▸30`), `drain_time: must be a duration, such as "30s"`},
		{add(`"drain_time": ▸"-1s"`), "drain_time: must not be negative"},
		{add(`"drain_time": ▸"300h"`), "drain_time: is longer than a day: is that meant?"},
		{add(`"drain_time": "5s", "upgrade_drain_time": ▸"6s"`), "upgrade_drain_time: is longer than drain_time, after which the proxy ends: lower it, or raise drain_time"},
		{add(`"access_log": ▸"on"`), "access_log: must be off, stdout or stderr"},
		{[2]string{"[" + soundListener + "]", "▸" + soundListener}, "listeners: must be an array of objects"},
		{[2]string{"[" + soundListener + "]", "▸[]"}, "listeners: is empty: add one"},
		{[2]string{`"listeners": [` + soundListener + "],", ""}, "listeners is missing: add it"},
		{[2]string{`"routes": [` + soundRoute + "]", `"admin_address": "unix:/run/a"`}, "routes is missing: add it"},
		{route(`▸"/"`), "routes[0]: must be an object"},
		{route(`{"path": "/", "upstream": ▸7}`), "routes[0].upstream: must be a string"},
		{route(`{"upstream": "https://api.example.com", "methods": ▸[1]}`), "routes[0].methods: must be a string or an array of strings"},
		{route(`{"upstream": "https://api.example.com", "http2": ▸"yes"}`), "routes[0].http2: must be true or false"},
		{client(`▸[]`), "client: must be an object of settings"},
		{add(`"tenants": ▸[]`), "tenants: must be an object of objects of settings"},
		{add(`"tenants": {"a": ▸"b"}`), "tenants.a: must be an object of settings"},
		{add(`"tenants": {▸"": {}}`), "tenants: has a tenant without a name: give it one, by which routes name it"},

		{add(`"tenants": {"a\u001b\nb": {▸"x": 1}}`), `unknown key "tenants.\"a\\x1b\\nb\".x": use allow_http, `},
		{[2]string{soundRoute + "]", `{"upstream": "https://a.example.com", "tenant": "a"}], "tenants": {"a": {}, ▸"a": {}}`}, "tenants.a: occurs twice: remove one; the other is in line 4"},

		// Listeners.
		{listener(`▸{"mode": "0600"}`), "listeners[0]: address is missing: write unix:PATH for a Unix socket, which is safest, or HOST:PORT"},
		{listener(`{"address": ▸"unix:"}`), "listeners[0].address: has no path: write unix:PATH"},
		{listener(`{"address": ▸"unix:@x"}`), "listeners[0].address: is an abstract socket, which has no mode: every user could use the tokens: write the path of a file"},
		{listener(`{"address": ▸"unix:/run/"}`), "listeners[0].address: is a directory: add a name for the socket"},
		{listener(`{"address": ▸"unix:/run/a\u0000b"}`), "listeners[0].address: has a NUL in its path: remove it"},
		{listener(`{"address": ▸"unix:/` + strings.Repeat("x", 107) + `"}`), "listeners[0].address: is a path of 108 bytes, and the system takes 95 for a socket: choose a shorter one"},
		{listener(`{"address": ▸"/run/x.sock"}`), "listeners[0].address: is neither HOST:PORT nor the path of a socket: write unix:PATH for a Unix socket, and HOST:PORT without a scheme"},
		{listener(`{"address": ▸"http://localhost:80"}`), "listeners[0].address: is neither HOST:PORT nor the path of a socket: write unix:PATH for a Unix socket, and HOST:PORT without a scheme"},
		{listener(`{"address": ▸"localhost"}`), "listeners[0].address: is not of the form HOST:PORT, unix:PATH or systemd:NAME: write for example 127.0.0.1:8480, or [::1]:8480"},
		{listener(`{"address": ▸"localhost:http"}`), "listeners[0].address: has a port that is none: use a number up to 65535"},
		{listener(`{"address": ▸"localhost:65536"}`), "listeners[0].address: has a port that is none: use a number up to 65535"},
		{listener(`{"address": ▸":8480"}`), "listeners[0].address: has no host, which means every address of the machine: write 127.0.0.1, or 0.0.0.0 if that is meant"},
		{listener(`{"address": ▸"host.example.com:8480"}`), "listeners[0].address: has a name for a host, which may stand for any address: write localhost or an IP address"},
		{listener(`{"address": ▸"systemd:"}`), "listeners[0].address: is no name of a systemd socket: write systemd:NAME, with the FileDescriptorName= of its unit"},
		{listener(`{"address": ▸"127.0.0.1:8480"}`), "listeners[0].address: lets every user of this machine use the tokens: use a Unix socket, or set caller_secret_file, or allow_local_users if that is meant"},
		{listener(`{"address": ▸"10.0.0.5:8480", "caller_secret_file": "caller"}`), "listeners[0].address: can be reached by other machines: listen on loopback or a Unix socket, or set allow_any_address if that is meant"},
		{listener(`{"address": ▸"0.0.0.0:8480", "allow_any_address": true}`), "listeners[0].address: lets every user of this machine use the tokens: use a Unix socket, or set caller_secret_file, or allow_local_users if that is meant"},
		{listener(`{"address": "127.0.0.1:8480", "allow_local_users": true, "allow_any_address": ▸true}`), "listeners[0].allow_any_address: is of use only with an address that other machines can reach: remove it"},
		{listener(`{"address": "unix:/run/x", "allow_local_users": ▸true}`), "listeners[0].allow_local_users: is of use only with a Unix socket whose mode allows it: remove it"},
		{listener(`{"address": "127.0.0.1:8480", "allow_local_users": ▸true, "caller_secret_file": "caller"}`), "listeners[0].allow_local_users: is of use only with an address without caller_secret_file: remove it"},
		{listener(`{"address": "unix:/run/x", "mode": ▸600}`), "listeners[0].mode: must be a string"},
		{listener(`{"address": "unix:/run/x", "mode": ▸"0800"}`), `listeners[0].mode: is no mode in octal: write for example "0600"`},
		{listener(`{"address": "unix:/run/x", "mode": ▸"rw"}`), `listeners[0].mode: is no mode in octal: write for example "0600"`},
		{listener(`{"address": "unix:/run/x", "mode": ▸"4600"}`), `listeners[0].mode: has more than permissions: write for example "0600"`},
		{listener(`{"address": "unix:/run/x", "mode": ▸"0066"}`), `listeners[0].mode: keeps its own user out: write for example "0600"`},
		{listener(`{"address": "unix:/run/x", "mode": ▸"0700"}`), `listeners[0].mode: lets a socket be executed: write for example "0600" or "0660"`},
		{listener(`{"address": "unix:/run/x", "mode": ▸"0666"}`), "listeners[0].mode: lets every user of this machine use the tokens: remove the last digit's permissions, or set allow_local_users if that is meant"},
		{listener(`{"address": "unix:/run/x", "mode": ▸"0640"}`), `listeners[0].mode: lets the group read, but to connect takes the permission to write: write "0660" or "0600"`},
		{listener(`{"address": "localhost:1", "allow_local_users": true, "mode": ▸"0600"}`), "listeners[0].mode: is for Unix sockets alone: remove it"},
		{listener(`{"address": "systemd:x", "mode": ▸"0600"}`), "listeners[0].mode: is for Unix sockets alone: remove it, and set SocketMode= in its unit"},
		{listener(`{"address": "unix:/run/x", "hosts": ▸["*.example.com"]}`), "listeners[0].hosts: has a wildcard, which stands for hosts that are not named: name each host"},
		{listener(`{"address": "unix:/run/x", "hosts": ▸["a", "b:80"]}`), "listeners[0].hosts: number 2 has a port, and requests for any port are taken: remove it"},
		{listener(`{"address": "unix:/run/x", "hosts": ▸["a", "A"]}`), "listeners[0].hosts: number 2 occurs twice: remove one"},
		{listener(`{"address": "unix:/run/x", "caller_secret_file": ▸"short"}`), "listeners[0].caller_secret_file: the secret in DIR/short is shorter than 16 bytes: make one with openssl rand -hex 32"},
		{listener(`{"address": "unix:/run/x", "caller_secret_file": ▸"empty"}`), "listeners[0].caller_secret_file: DIR/empty is empty: make one with openssl rand -hex 32"},
		{listener(`{"address": "unix:/run/x", "caller_secret_file": ▸"blank"}`), "listeners[0].caller_secret_file: the secret in DIR/blank has characters that no header can hold: make one with openssl rand -hex 32"},
		{listener(`{"address": "unix:/run/x", "caller_secret_file": ▸"gone"}`), "listeners[0].caller_secret_file: open DIR/gone: no such file or directory"},

		// Addresses beside each other.
		{listener(soundListener + `, {"address": ▸"unix:/run/alf/x.sock"}`), "listeners[1].address: is the same address as listeners[0].address: choose another one"},
		{listener(`{"address": "127.0.0.1:1", "allow_local_users": true}, {"address": ▸"localhost:1", "allow_local_users": true}`), "listeners[1].address: is the same address as listeners[0].address: choose another one"},
		{listener(`{"address": "127.0.0.1:1", "allow_local_users": true}, {"address": ▸"0.0.0.0:1", "allow_any_address": true, "caller_secret_file": "caller"}`), "listeners[1].address: is the same address as listeners[0].address: choose another one"},
		{listener(`{"address": "systemd:x"}, {"address": ▸"systemd:x"}`), "listeners[1].address: is the same address as listeners[0].address: choose another one"},
		{[2]string{`"listeners": [` + soundListener + "]", `"listeners": [{"address": "127.0.0.1:1", "allow_local_users": true}], "health_address": ▸"127.0.0.1:1"`}, "health_address: is the same address as listeners[0].address: choose another one"},
		{add(`"admin_address": ▸"unix:/run/alf/x.sock"`), "admin_address: is the same address as listeners[0].address: choose another one"},
		{add(`"health_address": "127.0.0.1:1", "admin_address": ▸"127.0.0.1:1"`), "admin_address: is the same address as health_address: choose another one"},
		{add(`"health_address": ▸"unix:/run/h"`), "health_address: is for probes, which connect by TCP: write HOST:PORT"},
		{add(`"admin_address": ▸"0.0.0.0:1"`), "admin_address: can be reached by other machines: write unix:PATH, or HOST:PORT on loopback"},
		{add(`"admin_address": ▸"systemd:x"`), "admin_address: cannot be a socket of systemd: write unix:PATH, or HOST:PORT on loopback"},

		// Routes.
		{route(`▸{"path": "/"}`), "routes[0]: upstream is missing: write the URL that requests are sent to"},
		{path(`▸""`), "routes[0].path: is empty: write / for any path"},
		{path(`▸"orders"`), "routes[0].path: does not begin with a slash: add one"},
		{path(`▸"https://x/orders"`), "routes[0].path: is a URL: write its path alone"},
		{path(`▸"/a//b"`), "routes[0].path: has two slashes in a row: remove one"},
		{path(`▸"/a?b"`), "routes[0].path: has a query or a fragment, by which no route is chosen: remove it"},
		{path(`▸"/a*"`), "routes[0].path: has a *, which has no meaning here: a path is the beginning of others anyway: remove it"},
		{path(`▸"/a\\b"`), `routes[0].path: has a backslash: use /`},
		{path(`▸"/a b"`), "routes[0].path: has characters that have to be percent-encoded in a path: encode them"},
		{path(`▸"/a%zz"`), "routes[0].path: has a % that encodes nothing: write %25"},
		{path(`▸"/a%2Fb"`), "routes[0].path: has an encoded slash: write /"},
		{path(`▸"/a%00b"`), "routes[0].path: has a control character or backslash: remove it"},
		{path(`▸"/a/../b"`), "routes[0].path: has a dot segment, which requests must not have: write the path that is meant"},
		{path(`▸"/a/%2e%2E/b"`), "routes[0].path: has a dot segment, which requests must not have: write the path that is meant"},
		{path(`▸"/a/..;x/b"`), "routes[0].path: has a dot segment, which requests must not have: write the path that is meant"},
		{upstream(`▸"api.example.com"`), "routes[0].upstream: does not begin with http:// or https://: write for example https://api.example.com/v2/"},
		{upstream(`▸"https://%zz"`), "routes[0].upstream: is no URL: write for example https://api.example.com/v2/"},
		{upstream(`▸"wss://api.example.com"`), "routes[0].upstream: has the scheme of websockets, which begin as requests: write http:// or https://"},
		{upstream(`▸"https://me:` + theSecret + `@api.example.com"`), "routes[0].upstream: has a user name or password in it: remove it: the client's credentials belong into its settings"},
		{upstream(`▸"https:///v2"`), "routes[0].upstream: has no host: write for example https://api.example.com/v2/"},
		{upstream(`▸"https://api.example.com:"`), "routes[0].upstream: has a colon, but no port: remove it or add the port"},
		{upstream(`▸"https://api.example.com:70000"`), "routes[0].upstream: has a port that is none: use a number from 1 to 65535"},
		{upstream(`▸"https://api.example.com/?key=` + theSecret + `"`), "routes[0].upstream: has a query: remove it: that of each request goes on"},
		{upstream(`▸"https://api.example.com/#x"`), "routes[0].upstream: has a fragment: remove it"},
		{upstream(`▸"https://*.example.com/"`), "routes[0].upstream: has a wildcard: name the host"},
		{upstream(`▸"https://äpi.example.com/"`), "routes[0].upstream: has a host with letters beyond ASCII: write it as it is registered, with xn--"},
		{upstream(`▸"https://api.example.com/a/../b"`), "routes[0].upstream: has a dot segment, which requests must not have: write the path that is meant"},
		{upstream(`▸"https://api.example.com//b"`), "routes[0].upstream: has two slashes in a row in its path: remove one"},
		{upstream(`▸"http://api.example.com/"`), "routes[0].upstream: has http://, by which the token goes in plain text: write https://, or set allow_http if that is meant"},
		{route(`{"upstream": "https://api.example.com", "allow_http": ▸true}`), "routes[0].allow_http: is of use only with an http:// upstream that is not on loopback: remove it"},
		{route(`{"upstream": "https://api.example.com", "http2": ▸true}`), "routes[0].http2: is for http:// upstreams: remove it: with https:// the better version is negotiated"},
		{route(`{"upstream": "https://api.example.com", "response_time": ▸"-1s"}`), "routes[0].response_time: must not be negative"},
		{route(`{"upstream": "https://api.example.com", "name": ▸""}`), "routes[0].name: is empty: remove it, or write a name"},
		{route(`{"upstream": "https://api.example.com", "name": ▸"a\u0007"}`), "routes[0].name: is no name: write up to 100 letters, digits and the like"},
		{route(`{"upstream": "https://api.example.com", "host": ▸"*"}`), "routes[0].host: has a wildcard, which stands for hosts that are not named: name each host"},
		{route(`{"upstream": "https://api.example.com", "host": ▸"a:80"}`), "routes[0].host: has a port, and requests for any port are taken: remove it"},
		{route(`{"upstream": "https://api.example.com", "host": ▸"[::1]:80"}`), "routes[0].host: has a port, and requests for any port are taken: remove it"},
		{route(`{"upstream": "https://api.example.com", "host": ▸"::1"}`), "routes[0].host: is an IPv6 address without brackets: write for example [::1]"},
		{route(`{"upstream": "https://api.example.com", "host": ▸"https://a"}`), "routes[0].host: is a URL or path: write the host alone, such as api.example.com"},
		{route(`{"upstream": "https://api.example.com", "host": ▸"a b"}`), "routes[0].host: is no host: write a name or an address, such as api.example.com"},
		{route(`{"upstream": "https://api.example.com", "host": ▸""}`), "routes[0].host: is empty: name a host, or remove it"},
		{route(`{"upstream": "https://api.example.com", "methods": ▸[]}`), "routes[0].methods: is empty, which no request matches: name the methods, or remove it for any"},
		{route(`{"upstream": "https://api.example.com", "methods": ▸["GET", "post"]}`), "routes[0].methods: number 2 is in lower case, and methods are compared exactly: write it in capitals"},
		{route(`{"upstream": "https://api.example.com", "methods": ▸["GET", "GET"]}`), "routes[0].methods: number 2 occurs twice: remove one"},
		{route(`{"upstream": "https://api.example.com", "methods": ▸"G T"}`), "routes[0].methods: is no method: write for example GET"},
		{route(`{"upstream": "https://api.example.com", "methods": ▸["CONNECT"]}`), "routes[0].methods: is never served: remove it"},
		{route(`{"upstream": "https://api.example.com", "authorization": ▸"Bearer ` + theSecret + `"}`), "routes[0].authorization: must be refuse, replace or pass"},
		{route(`{"upstream": "https://api.example.com", "cookies": ▸"refuse"}`), "routes[0].cookies: must be drop or pass"},
		{route(`{"upstream": "https://api.example.com", "host_header": ▸"drop"}`), "routes[0].host_header: must be upstream or pass"},
		{route(`{"upstream": "https://api.example.com", "forwarded": ▸"refuse"}`), "routes[0].forwarded: must be drop, append or pass"},
		{route(`{"upstream": "https://api.example.com", "encoded_slashes": ▸"drop"}`), "routes[0].encoded_slashes: must be refuse or pass"},

		// Routes beside each other.
		{route(soundRoute + `, {"path": ▸"/orders", "upstream": "https://b.example.com"}`), "routes[1].path: takes the same requests as routes[0]: change the host, path or methods of one"},
		{route(`{"host": "A", "methods": ["GET", "PUT"], "upstream": "https://a.example.com"}, ▸{"host": "a", "methods": ["PUT"], "upstream": "https://b.example.com"}`), "routes[1].path: takes the same requests as routes[0]: change the host, path or methods of one"},
		{route(`{"name": "a", "path": "/a", "upstream": "https://a.example.com"}, {"name": ▸"a", "path": "/b", "upstream": "https://b.example.com"}`), "routes[1].name: is also the name of routes[0]: choose another one"},
		{[2]string{soundProxy, `{"listeners": [{"address": "127.0.0.1:8480", "allow_local_users": true}], "client": ` + soundClient + `, "routes": [{"upstream": ▸"http://localhost:8480"}]}`}, "routes[0].upstream: is listeners[0], so that requests would go round in circles: name the server that is meant"},

		// Clients.
		{[2]string{`"client": ` + soundClient + `,` + "\n" + `  "routes": [`, `"routes": [▸`}, "routes[0]: has no client to get a token: add client to the file, or name one of tenants by tenant"},
		{[2]string{soundRoute + "]", `{"upstream": "https://a.example.com", "tenant": ▸"acm"}], "tenants": {"acme": {}}`}, `routes[0].tenant: is none of tenants: did you mean "acme"?`},
		{route(`{"upstream": "https://a.example.com", "tenant": ▸"acme"}`), "routes[0].tenant: is none of tenants: add it to tenants, or remove this"},
		{client(`▸{"client_id": "a", "client_secret_file": "secret"}`), "client: token_url is missing: set it; or issuer, for a server that publishes it"},
		{client(`▸{"token_url": "https://idp.example.com", "client_secret_file": "secret"}`), "client: client_id is missing: set it"},
		{client(`▸{"token_url": "https://idp.example.com", "client_id": "a"}`), "client: the client secret is missing: set client_secret_file; or authenticate by key_file, assertion_file or cert_file"},
		{client(`{"token_url": ▸"http://idp.example.com", "client_id": "a", "client_secret_file": "secret"}`), "client.token_url: "},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "client_secret_file": ▸"gone"}`), "client.client_secret_file: open DIR/gone: no such file"},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "auth_style": ▸"basic", "client_secret_file": "secret"}`), `client.auth_style: authentication style "basic" does not exist: use one of client_secret_basic, `},
		{client(`▸{"token_url": "https://idp.example.com", "client_id": "a", "auth_style": "private_key_jwt"}`), "client: key_file is missing: set it, or choose another auth_style than private_key_jwt"},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "key_file": ▸"secret"}`), "client.key_file: "},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "ca_file": ▸"secret", "client_secret_file": "secret"}`), "client.ca_file: DIR/secret holds no certificate in PEM form"},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "store_key_file": ▸"secret", "client_secret_file": "secret"}`), "client.store_key_file is of use only with store: add that, or remove it"},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "store": ▸"redis://x", "client_secret_file": "secret"}`), "client.store: this program has no store for redis://: use a directory,"},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "dpop_backdate": ▸"1s", "client_secret_file": "secret"}`), "client.dpop_backdate: not used without dpop: add that, or remove this"},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "timeout": ▸"-1s", "client_secret_file": "secret"}`), "client.timeout is -1s: must not be negative; 0 waits forever"},
		{client(`{"token_url": "https://idp.example.com", "client_id": "a", "param": ▸{"scope": "x"}, "client_secret_file": "secret"}`), "client.param: \"scope\" is set by the fetcher: use scope"},
		{route(`{"upstream": "https://api.example.com", "resource": ▸["orders"]}`), "routes[0].resource[0]: "},
		{route(`{"upstream": "https://api.example.com", "param": ▸{"client_id": "x"}}`), "routes[0].param: \"client_id\" is set by the fetcher: use client_id"},
		{[2]string{soundRoute + "]", `{"upstream": "https://a.example.com", "tenant": "acme"}], "tenants": {"acme": {"client_id": ▸7}}`}, "tenants.acme.client_id: must be a string"},
		{[2]string{soundRoute + "]", `{"upstream": "https://a.example.com", "tenant": "acme"}], "tenants": {"acme": {▸"scopes": "a"}}`}, `unknown key "tenants.acme.scopes": did you mean "scope"?`},
		{[2]string{soundRoute + "]", `{"upstream": "https://a.example.com", "tenant": "acme"}], "tenants": {"acme": ▸{"client_secret_file": null}}`}, "tenants.acme: the client secret is missing: set client_secret_file; or"},
	} {
		require.Contains(t, soundProxy, c.replace[0])
		content := strings.Replace(soundProxy, c.replace[0], c.replace[1], 1)
		if !strings.Contains(content, here) {
			content = here + content // the file as a whole
		}
		content, line, column := marked(t, content)
		file := proxyFolder(t, content)
		r := alfIn(t, invocation{}, "proxy", "validate", "--config", file)
		require.Equal(t, exit.Usage, r.code, content)
		want := fmt.Sprintf("alf: %s:%d:%d: %s", file, line, column, strings.ReplaceAll(c.says, "DIR", filepath.Dir(file)))
		if !strings.HasPrefix(r.err, want) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%s\nwant %s\ngot  %s", content, want, r.err)
		}
		require.Empty(t, r.out)
	}
}
