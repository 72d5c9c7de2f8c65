package program

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// clients is a token endpoint that knows one client by its secret, in one spelling of Basic.
func clients(id, secret string, decodes bool, denied func(known bool) http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if decodes {
			user, _ = url.QueryUnescape(user)
			password, _ = url.QueryUnescape(password)
		}
		if user == id && password == secret {
			grant("opaque-token-of-the-server", "")(w, r)
			return
		}
		denied(user == id)(w, r)
	}
}

func TestCheck_Authenticate(t *testing.T) {
	silent := func(bool) http.HandlerFunc { return deny(401, "invalid_client", "no") }
	talkative := func(known bool) http.HandlerFunc {
		if known {
			return deny(401, "invalid_client", "bad secret (trace "+rand.Text()+")")
		}
		return deny(401, "invalid_client", "no such client (trace "+rand.Text()+")")
	}
	numbering := func(bool) http.HandlerFunc {
		return deny(401, "invalid_client", fmt.Sprintf("no (request %d, at %v)", time.Now().UnixNano(), time.Now()))
	}
	reserved := map[string]string{"ALF_CLIENT_SECRET": theSecret + "/+%"}
	quoting := func(known bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			user, _, _ := r.BasicAuth()
			deny(401, "invalid_client", "some message for '"+user+"'")(w, r)
		}
	}
	both := metadataWith(`,"token_endpoint_auth_methods_supported":["client_secret_basic","private_key_jwt"]`)
	for name, d := range map[string]diagnosed{
		"a server that does not decode": {
			place: place{env: reserved, token: clients("me", theSecret+"/+%", false, silent)},
			says:  []string{"the server does not decode what is form-encoded", "remedy: set --auth-style to client_secret_basic_raw: with that it works"},
		},
		"a server that decodes": {
			place: place{env: reserved, token: clients("me", theSecret+"/+%", true, silent)}, args: []string{"--auth-style", "client_secret_basic_raw"},
			says: []string{"the server decodes them", "remedy: set --auth-style to client_secret_basic: with that it works"},
		},
		"neither spelling": {
			place:  place{env: reserved, token: clients("me", "another", true, talkative)},
			says:   []string{"id or secret have reserved characters, and client_secret_basic_raw is refused as well", "the server seems to know the client"},
			silent: []string{"if the server does not decode them"},
		},
		"a wrong secret": {
			place: place{token: clients("me", "another", true, talkative)},
			says:  []string{"401 Unauthorized: invalid_client", "bad secret", "cause:  the server seems to know the client", `(401 invalid_client "no such client (trace `, "the secret, the way to authenticate", "client_secret_post"},
		},
		"a wrong id": {
			place: place{token: clients("you", theSecret, true, talkative)},
			says:  []string{"no such client", "id or secret is wrong, or the way to authenticate; the server does not say which"},
		},
		"a server that does not say": {
			place: place{token: clients("me", "another", true, silent)},
			says:  []string{"id or secret is wrong, or the way to authenticate; the server does not say which"},
		},
		"a server that repeats the id": {
			place: place{token: clients("me", "another", true, quoting)}, says: []string{"message for 'me'", "the server does not say which"},
		},
		"a server that numbers its responses": {
			place: place{token: clients("me", "another", true, numbering)},
			says:  []string{"the server does not say which"},
		},
		"other methods": {
			place:  place{metadata: both, token: clients("me", "another", true, silent)},
			says:   []string{"(the server has private_key_jwt)", "choose it by --auth-style"},
			silent: []string{"client_secret_post"},
		},
		"no grant for the client": {
			place: place{metadata: both, token: deny(400, "unauthorized_client", "")},
			says:  []string{"the server does not say which: its response to a client that does not exist is the same", "(the server has private_key_jwt)"},
		},
		"no such grant": {
			place: place{token: deny(400, "unsupported_grant_type", "")}, says: []string{"the server does not offer the client credentials grant"},
		},
		"no such scope": {
			place: place{token: deny(400, "invalid_scope", ""), metadata: metadataWith(`,"scopes_supported":["read"]`)},
			says:  []string{"the server requires a scope, or does not grant its default ones to this client", "remedy: request one by --scope"},
		},
		"no audience": {
			place: place{token: deny(400, "invalid_target", "")},
			says:  []string{"neither --audience nor --resource is set", "remedy: name the API as it is registered"},
		},
		"no audience, in other words": {
			place: place{token: deny(400, "invalid_request", "Audience is required")}, says: []string{"neither --audience nor --resource is set"},
		},
		"another audience": {
			place: place{token: deny(400, "invalid_target", "")}, args: []string{"--audience", "x"},
			says: []string{"issues no tokens for that --audience or --resource"},
		},
		"tokens that are not bound": {
			args: []string{"--dpop"}, says: []string{`token_type is "Bearer", not "DPoP"`, "remedy: have DPoP enabled for the client at the server, or remove --dpop"},
		},
		"tokens that are bound": {
			place: place{token: func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, `{"access_token":"opaque-token-of-the-server","token_type":"DPoP"}`)
			}},
			says: []string{"issues tokens that are bound to a key", "remedy: set --dpop"},
		},
		"the secret in the response": {
			place: place{token: deny(401, "invalid_client", "who is "+theSecret+"?")}, says: []string{"who is [redacted]?"},
		},
		"a page": {
			place: place{token: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); io.WriteString(w, "<html>") }},
			says:  []string{"404 Not Found", "cause:  there is nothing at that address", "remedy: --token-url: compare the path"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d.code, d.step = exit.Denied, "authenticate"
			d.test(t)
		})
	}
	t.Run("a server that fails", diagnosed{
		place: place{token: deny(503, "temporarily_unavailable", "")},
		code:  exit.Unreachable, step: "authenticate", says: []string{"503 Service Unavailable: temporarily_unavailable"},
	}.test)
}

// A server is asked again only to distinguish causes, and never as an existing client with a wrong secret.
func TestCheck_HowOftenTheServerIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		secret  string
		respond http.HandlerFunc
		want    int
	}{
		"granted":             {theSecret, grant("opaque-token-of-the-server", ""), 1},
		"unavailable":         {theSecret, deny(503, "", ""), 1},
		"not the client":      {theSecret, deny(400, "invalid_scope", ""), 1},
		"refused":             {theSecret, deny(401, "invalid_client", ""), 2},
		"reserved characters": {theSecret + "%", deny(401, "invalid_client", ""), 3},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			place{env: map[string]string{"ALF_CLIENT_SECRET": c.secret}, token: func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				seen = append(seen, user)
				require.Equal(t, user == "me", strings.HasPrefix(password, theSecret), "neither half goes without the other")
				c.respond(w, r)
			}}.check(t)
			require.Len(t, seen, c.want)
		})
	}
}

// A wrong path is corrected where the server's metadata name the right one.
func TestCheck_AWrongPathBesideMetadata(t *testing.T) {
	diagnosed{
		place: place{metadata: metadataWith("")}, args: []string{"--token-url", "SELF/oauth/token"},
		code: exit.Denied, step: "authenticate",
		says: []string{"404 Not Found", "cause:  there is nothing at that address", "remedy: set --token-url to http://127.0.0.1:", "/token, which the server's metadata name, or --issuer to http://127.0.0.1:"},
	}.test(t)
}
