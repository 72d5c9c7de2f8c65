package program

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/keys"
)

func TestCheck_Token(t *testing.T) {
	claims := func(more map[string]any) map[string]any {
		all := ordinaryClaims()
		maps.Copy(all, more)
		maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
		return all
	}
	now := time.Now()
	for name, d := range map[string]diagnosed{
		"opaque":                {place: place{token: grant("opaque-token-of-the-server", "")}, says: []string{"✓ token", "it is no JWT"}},
		"encrypted":             {place: place{token: grant(strings.Split(jwtOf(nil), ".")[0]+".a.b.c.d", "")}, says: []string{"✓ token", "an encrypted JWT"}},
		"no audience":           {place: place{claims: claims(map[string]any{"aud": nil})}, says: []string{"! token", "the token names no audience (aud)", "remedy: name the API by --audience"}},
		"no audience, asked":    {place: place{claims: claims(map[string]any{"aud": ""})}, args: []string{"--audience", "x"}, says: []string{"! token", "--audience and --resource did not help"}},
		"another audience":      {args: []string{"--audience", "x"}, says: []string{"! token", "the token is not for what was requested: x"}},
		"of tomorrow":           {place: place{claims: claims(map[string]any{"nbf": now.Add(24 * time.Hour).Unix()})}, says: []string{"! token", "not valid yet (nbf)"}},
		"of yesterday":          {place: place{claims: claims(map[string]any{"exp": now.Add(-24 * time.Hour).Unix()})}, says: []string{"! token", "has expired (exp)", "24 hours ago"}},
		"less than was asked":   {place: place{token: grant("opaque-token-of-the-server", `,"scope":"read"`)}, args: []string{"--scope", "read write"}, says: []string{"! token", "scope: read\n", "not granted: write"}},
		"no lifetime":           {place: place{token: lasting("null")}, says: []string{"! token        Bearer, of a lifetime that the server does not send", "expires_in"}},
		"no life":               {place: place{token: lasting("0")}, says: []string{"! token        Bearer, expired on arrival"}},
		"bound to a key":        {place: place{claims: claims(map[string]any{"cnf": map[string]any{"jkt": "abc"}})}, says: []string{"cnf       jkt abc"}},
		"bound to a cert":       {place: place{claims: claims(map[string]any{"cnf": map[string]any{"x5t#S256": "abc"}})}, says: []string{"! token", "cnf       x5t#S256 abc", "set --cert-file"}},
		"steering the terminal": {place: place{claims: claims(map[string]any{"sub": "a\x1b[31m\nb" + strings.Repeat("c", 9999)})}, says: []string{"sub       a\ufffd[31m b", "..."}},
		"repeating itself":      {place: place{claims: claims(map[string]any{"sub": theSignature, "scope": theSecret})}, says: []string{"sub       [redacted]", "scope     [redacted]"}},
		"odd claims":            {place: place{claims: claims(map[string]any{"exp": "soon", "iat": 1e300, "aud": 7, "cnf": 1})}, says: []string{"exp       soon", "aud       7", "cnf       unreadable"}},
	} {
		t.Run(name, d.test)
	}
}

func lasting(seconds string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"access_token":"opaque-token-of-the-server","token_type":"Bearer","expires_in":%s}`, seconds)
	}
}

func TestCheck_TokensThatAreBound(t *testing.T) {
	_, key := newKey(t)
	cert := newCertificate(t, time.Now().Add(100*24*time.Hour))
	pair, err := tls.LoadX509KeyPair(cert, cert)
	require.NoError(t, err)
	sum := sha256.Sum256(pair.Certificate[0])
	read, err := keys.File(key)(t.Context())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		cnf  map[string]any
		says []string
	}{
		"to ours":   {map[string]any{"jkt": read.Thumbprint(), "x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}, []string{"✓ token", "it is bound to the DPoP key", "it is bound to the client certificate", "✓ API"}},
		"to others": {map[string]any{"jkt": "x", "x5t#S256": "y"}, []string{"! token", "bound to another key than ours", "bound to another certificate than ours"}},
		"to none":   {map[string]any{}, []string{"! token", "is not bound to the DPoP key", "it is not bound to the client certificate"}},
	} {
		t.Run(name, func(t *testing.T) {
			claims := ordinaryClaims()
			claims["cnf"] = c.cnf
			p := place{tls: true}
			p.token = func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `{"access_token":%q,"token_type":"DPoP","expires_in":60}`, jwtOf(claims))
			}
			p.api = func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("DPoP") == "" || len(r.TLS.PeerCertificates) == 0 {
					w.WriteHeader(401)
				}
			}
			diagnosed{place: p, args: []string{"--dpop", "--dpop-key-file", key, "--cert-file", cert, "--api", "SELF/api"}, says: c.says}.test(t)
		})
	}
}
