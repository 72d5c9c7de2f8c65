package program

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestCheck_API(t *testing.T) {
	without := ordinaryClaims()
	delete(without, "aud")
	opaque := grant("opaque-token-of-the-server", "")
	invalid := refuse(401, `Bearer realm="x", error="invalid_token", error_description="no"`)
	for name, d := range map[string]diagnosed{
		"no audience":            {place: place{claims: without, api: invalid}, says: []string{"it asks for Bearer realm", "the token names no audience (aud), and the API may insist on its own", "by --audience"}},
		"an audience unasked":    {place: place{api: invalid}, says: []string{"the token may be for another API, as neither --audience nor --resource is set"}},
		"an opaque token":        {place: place{token: opaque, api: refuse(401, `Bearer error_description="wrong audience"`)}, says: []string{"neither --audience nor --resource is set"}},
		"another audience":       {place: place{api: invalid}, args: []string{"--audience", "https://api.example.com"}, says: []string{"the token is for https://api.example.com, and the API may have another name"}},
		"no reason":              {place: place{api: refuse(401, "Bearer")}, says: []string{"the API does not accept the token", `does the API trust tokens from "https://idp.example.com"?`}},
		"not a token":            {place: place{api: refuse(401, `Basic realm="a, Bearer b"`)}, says: []string{"the API asks for Basic, and responds in the same way to a token that does not exist"}},
		"bound tokens":           {place: place{api: refuse(401, `DPoP algs="ES256 PS256"`)}, says: []string{"the API accepts only tokens that are bound to a key", "remedy: set --dpop"}},
		"a scope":                {place: place{api: refuse(403, `Bearer error="insufficient_scope", scope="write all"`)}, says: []string{"the API wants write all, the token has read", "request it by --scope"}},
		"some scope":             {place: place{api: refuse(403, `Bearer error=insufficient_scope`)}, says: []string{"lacks a scope, the API does not say which"}},
		"no permission":          {place: place{api: refuse(403, "")}, says: []string{"the API responds in the same way to a token that does not exist", "have the client given the role, permission or scope"}},
		"the token in its words": {place: place{api: refuse(401, `Bearer error_description="`+theSignature+`"`)}, says: []string{"[redacted]"}},
		"nothing there":          {place: place{api: refuse(404, "")}, says: []string{"there is nothing to get at that address"}},
		"too much":               {place: place{api: refuse(429, "")}, says: []string{"too many requests"}},
		"a failure":              {place: place{api: refuse(502, "")}, says: []string{"the API itself, or what it asks about tokens, fails"}},
		"another error":          {place: place{api: refuse(400, "")}, says: []string{"does not accept the request"}},
	} {
		t.Run(name, func(t *testing.T) {
			d.args, d.code, d.step = append(d.args, "--api", "SELF/api"), exit.API, "API"
			d.test(t)
		})
	}
	t.Run("a redirect", diagnosed{
		place: place{api: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example.com/x?secret=hidden", http.StatusFound)
		}},
		args: []string{"--api", "SELF/api"}, says: []string{"! API          302 Found", "redirects to https://other.example.com/x:"}, silent: []string{"hidden"},
	}.test)
	t.Run("another origin", diagnosed{
		args: []string{"--api", "SELF/api", "--origin", "https://api.example.com"},
		code: exit.Usage, step: "API", says: []string{"--origin: add it there"},
	}.test)
	t.Run("no server there", diagnosed{
		args: []string{"--api", "https://127.0.0.1:1"},
		code: exit.Unreachable, step: "API", says: []string{"https://127.0.0.1:1 cannot be reached", "connection refused", "is the address right, and the API up?"},
	}.test)
	t.Run("no trusted authority", func(t *testing.T) {
		s := secure(t, http.NotFoundHandler())
		diagnosed{
			args: []string{"--api", s.URL}, code: exit.Unreachable, step: "API",
			says: []string{"remedy: name the authority that issued the certificate by --ca-file"},
		}.test(t)
	})
	t.Run("different clocks", diagnosed{
		place: place{api: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" && r.Method == http.MethodGet {
				w.WriteHeader(401)
				return
			}
			dated(time.Hour, grant("opaque-token-of-the-server", ""))(w, r)
		}},
		args: []string{"--token-url", "SELF/api", "--api", "SELF/api"},
		code: exit.API, step: "API", says: []string{"this machine's clock is not the authorization server's"},
	}.test)
}

// An API that reads JWTs responds differently to what is none. That does not show that it knows the client's token.
func TestCheck_APITokenOfTheSameForm(t *testing.T) {
	for name, c := range map[string]struct {
		known string // what it says of the right signature
		says  []string
		not   []string
	}{
		"of another issuer": {"bad signature", nil, []string{"the API knows the token"}},
		"of another API":    {"wrong audience", []string{"the API knows the token", "bad signature"}, nil},
	} {
		t.Run(name, diagnosed{
			place: place{api: func(w http.ResponseWriter, r *http.Request) {
				parts := strings.Split(r.Header.Get("Authorization"), ".")
				text := "bad signature"
				if len(parts) != 3 {
					text = "malformed"
				} else if parts[2] == theSignature {
					text = c.known
				}
				w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="`+text+`"`)
				w.WriteHeader(http.StatusUnauthorized)
			}},
			args: []string{"--api", "SELF/api"}, code: exit.API, step: "API", says: c.says, silent: append(c.not, "malformed"),
		}.test)
	}
}

// Without a response to the token request there is a cause and a remedy as well.
func TestCheck_TokenRequestWithoutAResponse(t *testing.T) {
	for name, d := range map[string]diagnosed{
		"it takes too long": {
			place: place{token: func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			}},
			args: []string{"--timeout", "300ms"},
			says: []string{"no response within 300ms: allow more by --timeout", "cause:  the server responded to another request before"},
		},
		"it breaks off": {
			place: place{token: func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }},
			says:  []string{"cause:  ", "remedy: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d.code, d.step = exit.Unreachable, "authenticate"
			d.test(t)
		})
	}
}
