package sim_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// introspect asks for a token, as the client that prepare makes of the request.
func (p *place) introspect(token string, prepare func(*http.Request)) (status int, members map[string]any) {
	p.Helper()
	base := strings.TrimSuffix(p.token, sim.TokenPath)
	req, err := http.NewRequest(http.MethodPost, base+sim.IntrospectionPath, strings.NewReader(url.Values{"token": {token}}.Encode()))
	require.NoError(p, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	prepare(req)
	got := p.do(req)
	require.NoError(p, got.err)
	require.NoError(p, json.Unmarshal([]byte(got.body), &members))
	return got.status, members
}

func asAPI(r *http.Request) { r.SetBasicAuth("stock-api", "s3cret of the API") }

func TestIntrospection_SaysWhatATokenIs(t *testing.T) {
	for _, o := range []sim.Options{{Lifetime: time.Hour}, {Lifetime: time.Hour, JWT: true}} {
		everywhere(t, o, func(p *place) {
			p.AddClient("client-1", "s3cret")
			p.AddClient("stock-api", "s3cret of the API")
			token := p.fetch()
			status, members := p.introspect(token.Token, asAPI)
			require.Equal(p, http.StatusOK, status)
			require.Equal(p, true, members["active"])
			require.Equal(p, "client-1", members["client_id"])
			require.Equal(p, "tea.buy", members["scope"])
			require.Equal(p, "Bearer", members["token_type"])
			require.Equal(p, strings.TrimSuffix(p.token, sim.TokenPath), members["iss"])
			require.EqualValues(p, 3600, members["exp"].(float64)-members["iat"].(float64))
			require.NotContains(p, members, "cnf")
			require.NotContains(p, members, "aud")

			inactive := map[string]any{"active": false}
			_, members = p.introspect("made up", asAPI)
			require.Equal(p, inactive, members)
			p.Revoke()
			_, members = p.introspect(token.Token, asAPI)
			require.Equal(p, inactive, members)
			p.SetLifetime(0)
			_, members = p.introspect(p.fetch().Token, asAPI)
			require.Equal(p, inactive, members)
			require.Equal(p, 4, p.Stats().Introspections)
		})
	}
}

// RFC 7662 section 2.1: the caller has to authenticate.
func TestIntrospection_IsForKnownCallers(t *testing.T) {
	everywhere(t, sim.Options{Lifetime: time.Hour}, func(p *place) {
		p.AddClient("client-1", "s3cret")
		p.AddClient("stock-api", "s3cret of the API")
		token := p.fetch().Token
		own := p.Issue(time.Hour)
		for name, c := range map[string]struct {
			prepare func(*http.Request)
			status  int
			code    string
		}{
			"a client":               {asAPI, 200, ""},
			"an access token":        {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+own) }, 200, ""},
			"no caller by name":      {nothing, 401, "invalid_client"},
			"a wrong secret":         {func(r *http.Request) { r.SetBasicAuth("stock-api", "guessed") }, 401, "invalid_client"},
			"an unknown client":      {func(r *http.Request) { r.SetBasicAuth("else", "s3cret") }, 401, "invalid_client"},
			"a wrong access token":   {func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401, "invalid_token"},
			"a GET":                  {func(r *http.Request) { asAPI(r); r.Method = "GET" }, 405, "invalid_request"},
			"two ways":               {func(r *http.Request) { asAPI(r); r.Header.Add("Authorization", "Bearer "+own) }, 400, "invalid_request"},
			"another kind of a body": {func(r *http.Request) { asAPI(r); r.Header.Set("Content-Type", "text/plain") }, 400, "invalid_request"},
		} {
			status, members := p.introspect(token, c.prepare)
			require.Equal(p, c.status, status, name)
			if c.code != "" {
				require.Equal(p, c.code, members["error"], name)
				require.NotContains(p, members, "active", name)
			}
		}
		status, members := p.introspect("", asAPI)
		require.Equal(p, http.StatusBadRequest, status)
		require.Equal(p, "invalid_request", members["error"])
	})
}

// What a token is bound to is said, and every style of configuration serves for the caller.
func TestIntrospection_OfBoundTokensByEveryStyle(t *testing.T) {
	for _, style := range []alf.AuthStyle{alf.AuthBasic, alf.AuthPrivateKeyJWT, alf.AuthTLS} {
		inEveryWay(t, sim.Options{NonceLifetime: time.Minute}, func(c *configured) {
			cfg := production(c.T, style, c.server)
			cfg.TokenURL, cfg.Issuer, cfg.DPoP = "", productionIssuer, &alf.DPoP{}
			client := c.client(cfg)
			token, err := client.Token(c.Context())
			require.NoError(c, err)
			// By its own access token, with a proof.
			resp, err := client.Do(newForm(c.T, productionIssuer+sim.IntrospectionPath, url.Values{"token": {token.Value()}}))
			require.NoError(c, err)
			defer resp.Body.Close()
			var members struct {
				Active    bool
				TokenType string `json:"token_type"`
				Issuer    string `json:"iss"`
				Audience  string `json:"aud"`
				Cnf       map[string]string
			}
			require.NoError(c, json.NewDecoder(resp.Body).Decode(&members))
			require.True(c, members.Active)
			require.Equal(c, "DPoP", members.TokenType)
			require.Equal(c, productionIssuer, members.Issuer)
			require.Equal(c, "https://stock.example.com", members.Audience)
			require.NotEmpty(c, members.Cnf["jkt"])
			require.Equal(c, style == alf.AuthTLS, members.Cnf["x5t#S256"] != "")
		})
	}
}

func newForm(t *testing.T, url string, form url.Values) *http.Request {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}
