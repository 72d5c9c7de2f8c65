package sim_test

import (
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

// pair is a started server with one client, seen from outside by plain HTTP. The API has another host than the token
// endpoint: localhost, not 127.0.0.1.
type pair struct {
	t      *testing.T
	kit    *sim.Server
	client *http.Client
}

// startFor starts a server for a client.
func startFor(t *testing.T, client sim.Registration, o sim.Options) *pair {
	kit := sim.New(o)
	require.NoError(t, kit.Register(client))
	require.NoError(t, kit.Start())
	t.Cleanup(kit.Close)
	return &pair{t, kit, newHTTPClient(t)}
}

func (p *pair) apiURL() string {
	return strings.Replace(p.kit.APIURL(), "127.0.0.1", "localhost", 1)
}

// said is a response of the token endpoint.
type said struct {
	status      int
	nonce       string
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	Error       string `json:"error"`
	Why         string `json:"error_description"`
}

// form is a token request's body, with more in it.
func form(more ...string) url.Values {
	f := url.Values{"grant_type": {"client_credentials"}}
	for i := 0; i < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

// post makes a token request, with what prepare adds to it.
func (p *pair) post(form url.Values, prepare func(*http.Request)) (a said) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.kit.TokenURL(), strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	prepare(req)
	resp, err := p.client.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	require.NoError(p.t, json.NewDecoder(resp.Body).Decode(&a))
	a.status, a.nonce = resp.StatusCode, resp.Header.Get("DPoP-Nonce")
	return a
}

func nothing(*http.Request) {}

// requireVerified expects a token, or the refusal of a client that says why.
func requireVerified(t *testing.T, got said, why string) {
	t.Helper()
	if why == "" {
		require.Equal(t, http.StatusOK, got.status, got.Why)
		require.NotEmpty(t, got.AccessToken)
		return
	}
	require.Equal(t, http.StatusUnauthorized, got.status)
	require.Equal(t, "invalid_client", got.Error)
	require.Contains(t, got.Why, why)
}

// requireTwice expects the refusal of a client that authenticates in more than one way (RFC 6749 section 5.2).
func requireTwice(t *testing.T, got said) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, got.status)
	require.Equal(t, "invalid_request", got.Error)
	require.Contains(t, got.Why, "more than one way")
}

func TestSecrets_AreAcceptedWhereTheyBelongAlone(t *testing.T) {
	const secret = "a+b: %/"
	encoded := url.QueryEscape(secret)
	registered := func(style alf.AuthStyle) sim.Registration {
		return sim.Registration{ClientID: "me", AuthStyle: style, Secret: secret}
	}
	for name, c := range map[string]struct {
		style          alf.AuthStyle
		user, password string
		form           url.Values
		why            string
	}{
		"basic":                   {alf.AuthBasic, "me", encoded, form(), ""},
		"basic, not encoded":      {alf.AuthBasic, "me", secret, form(), "not the client's secret"},
		"basic, of another":       {alf.AuthBasic, "other", encoded, form(), "no such client"},
		"basic in the body":       {alf.AuthBasic, "", "", form("client_id", "me", "client_secret", secret), "client_secret_basic alone"},
		"basic and in the body":   {alf.AuthBasic, "me", encoded, form("client_secret", secret), "more than one way"},
		"raw":                     {alf.AuthBasicRaw, "me", secret, form(), ""},
		"raw, but encoded":        {alf.AuthBasicRaw, "me", encoded, form(), "not the client's secret"},
		"post":                    {alf.AuthPost, "", "", form("client_id", "me", "client_secret", secret), ""},
		"post, of another":        {alf.AuthPost, "", "", form("client_id", "other", "client_secret", secret), "no such client"},
		"post, wrong":             {alf.AuthPost, "", "", form("client_id", "me", "client_secret", "guessed"), "not the client's secret"},
		"post in the header":      {alf.AuthPost, "me", encoded, form(), "client_secret_post alone"},
		"post, without a secret":  {alf.AuthPost, "", "", form("client_id", "me"), "client_secret_post alone"},
		"basic, without a secret": {alf.AuthBasic, "", "", form(), "no such client"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startFor(t, registered(c.style), sim.Options{})
			got := p.post(c.form, func(r *http.Request) {
				if c.user != "" {
					r.SetBasicAuth(c.user, c.password)
				}
			})
			if c.why == "more than one way" {
				requireTwice(t, got)
				return
			}
			requireVerified(t, got, c.why)
		})
	}
}

// A secret that is replaced is refused from then on, and how the client authenticates remains.
func TestAddClient_ReplacesTheSecretOfARegistration(t *testing.T) {
	p := startFor(t, sim.Registration{ClientID: "me", AuthStyle: alf.AuthPost, Secret: "one"}, sim.Options{})
	requireVerified(t, p.post(form("client_id", "me", "client_secret", "one"), nothing), "")
	p.kit.AddClient("me", "two")
	requireVerified(t, p.post(form("client_id", "me", "client_secret", "one"), nothing), "not the client's secret")
	requireVerified(t, p.post(form("client_id", "me", "client_secret", "two"), nothing), "")
	requireVerified(t, p.post(form(), func(r *http.Request) { r.SetBasicAuth("me", "two") }), "client_secret_post alone")
	p.kit.RemoveClient("me")
	p.kit.AddClient("another", "secret")
	requireVerified(t, p.post(form("client_id", "me", "client_secret", "two"), nothing), "no such client")
}

// A client may request what it is registered for.
func TestRegister_LimitsScopesAndAudiences(t *testing.T) {
	p := startFor(t, sim.Registration{
		ClientID: "me", Secret: "s", Scopes: []string{"tea.buy", "tea.read"}, Audiences: []string{"https://tea.example.com"},
	}, sim.Options{Lifetime: time.Hour})
	for _, c := range []struct{ name, value, code string }{
		{"scope", "tea.read", ""}, {"scope", "tea.read tea.buy", ""}, {"scope", "tea.read tea.sell", "invalid_scope"},
		{"audience", "https://tea.example.com", ""}, {"audience", "https://other.example.com", "invalid_target"},
		{"resource", "https://tea.example.com", ""}, {"resource", "https://other.example.com", "invalid_target"},
	} {
		got := p.post(form(c.name, c.value), func(r *http.Request) { r.SetBasicAuth("me", "s") })
		require.Equal(t, c.code, got.Error, c)
		require.Equal(t, c.code == "", got.status == http.StatusOK, c)
	}
}
