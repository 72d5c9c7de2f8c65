package program

import (
	"testing"
	"time"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestCheck_Settings(t *testing.T) {
	cert := newCertificate(t, time.Now().Add(100*24*time.Hour))
	_, key := newKey(t)
	expired := jwtOf(map[string]any{"iss": "https://ci.example.com", "exp": time.Now().Add(-time.Hour).Unix()})
	for name, d := range map[string]diagnosed{
		"none": {
			args: []string{"--auth-style", "none", "--client-id", "", "--timeout", "-1s"},
			code: exit.Usage, step: "settings", says: []string{"3 problems", `"none" does not exist`, "--client-id is missing", "– token        not done"},
		},
		"an API that has no address": {
			args: []string{"--api", "stock"},
			code: exit.Usage, step: "settings",
			says: []string{"1 problem\n", "--api: not an address to send a request to: use https://host/path\n", "– token        not done", "– API          not done"},
		},
		"one with a password, and more": {
			place: place{env: map[string]string{"ALF_API": "https://me:" + theSecret + "@api.example.com"}}, args: []string{"--timeout", "-1s"},
			code: exit.Usage, step: "settings", says: []string{"2 problems", "--timeout is -1s", "ALF_API: holds a name or password"},
		},
		"a library's, and an API's": {
			args: []string{"--token-url", "idp.example.com", "--api", "stock"},
			code: exit.Usage, step: "settings", says: []string{"2 problems", "--token-url: neither https nor http", "--api: not an address"},
		},
		"a library's": {
			args: []string{"--token-url", "http://idp.example.com/token"},
			code: exit.Usage, step: "settings", says: []string{"1 problem", `list "idp.example.com" in --allow-http`},
		},
		"a key that does not fit": {
			place: place{tls: true}, args: []string{"--cert-file", cert, "--cert-key-file", key},
			code: exit.Usage, step: "settings", says: []string{"does not match", "by --cert-key-file"},
		},
		"an expired certificate": {
			place: place{tls: true}, args: []string{"--auth-style", "tls_client_auth", "--cert-file", newCertificate(t, time.Now().Add(-time.Hour))},
			code: exit.Usage, step: "credentials",
			says: []string{"the client certificate has expired", "60 minutes ago", "have a new one issued, and name it by --cert-file"},
		},
		"a certificate of tomorrow": {
			place: place{tls: true}, args: []string{"--cert-file", newCertificate(t, time.Now().AddDate(1, 0, 1))},
			code: exit.Usage, step: "credentials", says: []string{"the client certificate is not valid yet", "is this machine's clock right?"},
		},
		"a certificate that ends soon": {
			place: place{tls: true}, args: []string{"--cert-file", newCertificate(t, time.Now().Add(time.Hour))},
			code: exit.OK, says: []string{"! credentials", "the client certificate ends soon", "it is not bound to the client certificate"},
		},
		"an expired assertion": {
			args: []string{"--auth-style", "client_assertion", "--assertion-file", write(t, "jwt", expired)},
			code: exit.Usage, step: "credentials",
			says: []string{"the assertion has expired", "iss       https://ci.example.com", "have a new one written to "},
		},
		"white space": {
			place: place{env: map[string]string{"ALF_CLIENT_SECRET": theSecret + " "}},
			code:  exit.OK, silent: []string{"white space"},
		},
		"a key": {
			args: []string{"--auth-style", "private_key_jwt", "--key-file", key, "--key-id", "k1"},
			code: exit.OK, says: []string{`signs with ES256, kid "k1", thumbprint `}, silent: []string{"secret:"},
		},
	} {
		t.Run(name, d.test)
	}
}
