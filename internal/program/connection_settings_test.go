package program

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// F7: an assertion names the certificate of its key, as Microsoft Entra and ADFS require.
func TestF7_AssertionCertificate(t *testing.T) {
	i := newIDP(t)
	path := newCertificate(t, time.Now().Add(time.Hour))
	pair, err := tls.LoadX509KeyPair(path, path)
	require.NoError(t, err)
	sum := sha1.Sum(pair.Certificate[0])
	thumbprint := base64.RawURLEncoding.EncodeToString(sum[:])
	r := alfIn(t, invocation{env: i.without()}, "token", "--key-file", path, "--assertion-cert-file", path)
	require.Equal(t, exit.OK, r.code, r.err)
	header := segment(t, i.form(t).Get("client_assertion"), 0)
	require.Equal(t, thumbprint, header["x5t"])
	require.Contains(t, header, "x5t#S256")

	r = alfIn(t, invocation{env: i.without()}, "token", "--key-file", path, "--assertion-cert-file", path, "--assertion-cert-header", "x5c")
	require.Equal(t, exit.OK, r.code, r.err)
	require.Contains(t, segment(t, i.form(t).Get("client_assertion"), 0), "x5c")
	require.NotContains(t, segment(t, i.form(t).Get("client_assertion"), 0), "x5t")

	r = alfIn(t, invocation{env: i.without()}, "token", "--key-file", path, "--assertion-cert-file", path+".none")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "--assertion-cert-file: ")
}

// F7: further members of assertions, an algorithm by its name of RFC 9864, and a key set of several keys.
func TestF7_AssertionMembersAndKeySets(t *testing.T) {
	i := newIDP(t)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	jwk := func(kid string, private ed25519.PrivateKey) string {
		return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q,"d":%q}`, kid, encode(private[32:]), encode(private[:32]))
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	set := write(t, "keys.json", `{"keys":[`+jwk("old", other)+","+jwk("new", ed)+`]}`)
	r := alfIn(t, invocation{env: i.without()}, "token", "--key-file", set, "--key-id", "new", "--assertion-algorithm", "Ed25519",
		"--assertion-claim", "tenant=blue", "--assertion-claim", `roles=["a","b"]`, "--assertion-header", "b=true")
	require.Equal(t, exit.OK, r.code, r.err)
	assertion := i.form(t).Get("client_assertion")
	require.Equal(t, map[string]any{"alg": "Ed25519", "kid": "new", "b": true}, segment(t, assertion, 0))
	claims := segment(t, assertion, 1)
	require.Equal(t, "blue", claims["tenant"])
	require.Equal(t, []any{"a", "b"}, claims["roles"])
	for args, says := range map[string]string{
		"--assertion-claim x":                         "--assertion-claim: not of the form NAME=VALUE",
		"--assertion-claim a=1 --assertion-claim a=2": `--assertion-claim: "a" occurs twice`,
		"--assertion-claim iss=x":                     "--assertion-claim",
	} {
		r := alfIn(t, invocation{env: i.without()}, append([]string{"token", "--key-file", set, "--key-id", "new"}, strings.Split(args, " ")...)...)
		require.Equal(t, exit.Usage, r.code, r.out)
		require.Contains(t, r.err, says)
	}
}

// F7: the setting is for both servers.
func TestF7_Renegotiation(t *testing.T) {
	for value, want := range map[string]tls.RenegotiationSupport{
		"never": tls.RenegotiateNever, "once": tls.RenegotiateOnceAsClient, "freely": tls.RenegotiateFreelyAsClient,
	} {
		env := environmentOf(map[string]string{
			"ALF_TOKEN_URL": "https://idp.example.com", "ALF_CLIENT_ID": "me", "ALF_CLIENT_SECRET": theSecret, "ALF_RENEGOTIATION": value,
		})
		p := &program{env: env, table: settings.All(), stdout: io.Discard, stderr: io.Discard}
		p.names = p.table.Names()
		cmd := p.root()
		seen := false
		for _, c := range cmd.Commands {
			if c.Name != "token" {
				continue
			}
			c.Action = func(ctx context.Context, cmd *cli.Command) error {
				v, err := p.configure(ctx, cmd)
				require.NoError(t, err)
				require.NoError(t, v.Config.Validate())
				require.Equal(t, want, v.Config.TokenRequest.Renegotiation)
				require.Equal(t, want, v.Config.HTTPClient.Transport.(*http.Transport).TLSClientConfig.Renegotiation)
				seen = true
				return nil
			}
		}
		require.NoError(t, cmd.Run(t.Context(), []string{"alf", "token"}))
		require.True(t, seen)
	}
	r := newIDP(t).alf(t, "token", "--renegotiation", "always")
	require.Equal(t, exit.Usage, r.code)
	require.Equal(t, "alf: --renegotiation: must be never, once or freely\n", r.err)
	r = newIDP(t).alf(t, "token", "--config", write(t, "config.json", `{"renegotiation": 1}`))
	require.Contains(t, r.err, "renegotiation: must be never, once or freely")
}

// A certificate for another name than the address has is accepted where that name is given.
func TestSettings_TokenServerName(t *testing.T) {
	i := newIDP(t)
	s := httptest.NewUnstartedServer(i)
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	env := i.configured(map[string]string{"ALF_TOKEN_URL": strings.Replace(s.URL, "127.0.0.1", "localhost", 1) + "/token", "ALF_CA_FILE": certificate(t, s)})
	r := alfIn(t, invocation{env: env}, "token")
	require.Equal(t, exit.Unreachable, r.code)
	require.Contains(t, r.err, "correct --token-url, or set --token-server-name")
	r = alfIn(t, invocation{env: env}, "token", "--token-server-name", "example.com")
	require.Equal(t, exit.OK, r.code, r.err)
	r = alfIn(t, invocation{env: env}, "check", "--token-server-name", "example.com")
	require.Equal(t, exit.OK, r.code, r.out)
}
