package sim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/sim"
)

// The token endpoint takes what RFC 6749 allows, and responds to all else with an error of its section 5.2.
func TestTokenEndpoint_IsStrict(t *testing.T) {
	const good = "grant_type=client_credentials"
	for name, c := range map[string]struct {
		method, query, contentType, body string
		basic, secondHeader              string
		status                           int
		code                             string
	}{
		"basic":                   {body: good, basic: "shop%3A1:p%2Bw", status: 200},
		"post":                    {body: good + "&client_id=shop%3A1&client_secret=p%2Bw", status: 200},
		"basic and the same id":   {body: good + "&client_id=shop%3A1", basic: "shop%3A1:p%2Bw", status: 200},
		"two audiences":           {body: good + "&audience=a&audience=b", basic: "shop%3A1:p%2Bw", status: 200},
		"charset":                 {body: good, contentType: "application/x-www-form-urlencoded; charset=utf-8", basic: "shop%3A1:p%2Bw", status: 200},
		"a query that is none":    {query: "?tenant=7", body: good, basic: "shop%3A1:p%2Bw", status: 200},
		"basic, not encoded":      {body: good, basic: "shop:1:p+w", status: 401, code: "invalid_client"},
		"basic, half an escape":   {body: good, basic: "shop%3A1:p%2", status: 401, code: "invalid_client"},
		"basic, no colon":         {body: good, basic: "shop", status: 401, code: "invalid_client"},
		"basic, wrong secret":     {body: good, basic: "shop%3A1:wrong", status: 401, code: "invalid_client"},
		"basic, wrong id":         {body: good, basic: "else:p%2Bw", status: 401, code: "invalid_client"},
		"post, wrong secret":      {body: good + "&client_id=shop%3A1&client_secret=wrong", status: 401, code: "invalid_client"},
		"no authentication":       {body: good + "&client_id=shop%3A1", status: 401, code: "invalid_client"},
		"both ways":               {body: good + "&client_secret=p%2Bw", basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_request"},
		"basic and another id":    {body: good + "&client_id=else", basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_request"},
		"two headers":             {body: good, basic: "shop%3A1:p%2Bw", secondHeader: "Basic eDp5", status: 400, code: "invalid_request"},
		"GET":                     {method: "GET", basic: "shop%3A1:p%2Bw", status: 405, code: "invalid_request"},
		"JSON":                    {contentType: "application/json", body: `{}`, basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_request"},
		"not a form":              {body: good + "&a=%zz", basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_request"},
		"too large":               {body: good + "&a=" + strings.Repeat("a", 64<<10), basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_request"},
		"secret in the address":   {query: "?client_secret=p", body: good, basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_request"},
		"a parameter twice":       {body: good + "&scope=a&scope=b", basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_request"},
		"no grant type":           {body: "scope=a", basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_request"},
		"another grant type":      {body: "grant_type=password", basic: "shop%3A1:p%2Bw", status: 400, code: "unsupported_grant_type"},
		"empty scope":             {body: good + "&scope=", basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_scope"},
		"scope with two spaces":   {body: good + "&scope=a++b", basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_scope"},
		"scope with a quote":      {body: good + "&scope=a%22", basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_scope"},
		"scope beyond ASCII":      {body: good + "&scope=%C3%A9", basic: "shop%3A1:p%2Bw", status: 400, code: "invalid_scope"},
		"two good scopes":         {body: good + "&scope=a+b", basic: "shop%3A1:p%2Bw", status: 200},
		"wrong client before all": {body: "grant_type=password", basic: "else:p", status: 401, code: "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			visit(t, sim.Options{ClientID: "shop:1", ClientSecret: "p+w"}, nil, inMemory, func(p *place) {
				method := "POST"
				if c.method != "" {
					method = c.method
				}
				req, err := http.NewRequest(method, p.token+c.query, strings.NewReader(c.body))
				require.NoError(p, err)
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if c.contentType != "" {
					req.Header.Set("Content-Type", c.contentType)
				}
				if id, secret, ok := strings.Cut(c.basic, ":"); ok {
					req.SetBasicAuth(id, secret)
				} else if c.basic != "" {
					req.Header.Set("Authorization", "Basic c2hvcA==")
				}
				if c.secondHeader != "" {
					req.Header.Add("Authorization", c.secondHeader)
				}
				got := p.do(req)
				require.NoError(p, got.err)
				require.Equal(p, c.status, got.status, got.body)
				var said struct {
					Error       string
					Description string `json:"error_description"`
				}
				require.NoError(p, json.Unmarshal([]byte(got.body), &said))
				require.Equal(p, c.code, said.Error)
				require.Equal(p, c.code == "", said.Description == "")
				require.Equal(p, got.status == 401 && c.basic != "", got.header.Get("WWW-Authenticate") != "")
				require.Equal(p, got.status == 405, got.header.Get("Allow") == "POST")
				require.Equal(p, c.code, p.lastTokenRequest().Error)
				require.Equal(p, c.code == "", p.lastTokenRequest().Token == 1)
			})
		})
	}
}

func TestSetClientSecret_RotatesWhatTheEndpointExpects(t *testing.T) {
	everywhere(t, sim.Options{ClientID: "client-1", ClientSecret: "s3cret"}, func(p *place) {
		p.fetch()
		p.SetClientSecret("rotated")
		require.Equal(p, http.StatusUnauthorized, p.ask().status)
		p.SetClientSecret("")
		p.fetch()
	})
}

func TestAPI_IsStrictAboutTheAuthorizationHeader(t *testing.T) {
	visit(t, sim.Options{}, nil, inMemory, func(p *place) {
		token := p.Issue(time.Hour)
		for _, c := range []struct {
			headers []string
			status  int
			why     sim.Refusal
		}{
			{[]string{"Bearer " + token}, 200, ""},
			{[]string{"bearer " + token}, 200, ""},
			{[]string{"Basic " + token}, 401, sim.NoToken},
			{[]string{"Bearer"}, 400, sim.Malformed},
			{[]string{"Bearer "}, 400, sim.Malformed},
			{[]string{"Bearer  " + token}, 400, sim.Malformed},
			{[]string{"Bearer " + token + ", Bearer " + token}, 400, sim.Malformed},
			{[]string{"Bearer " + token, "Bearer " + token}, 400, sim.Malformed},
		} {
			req := p.getRequest(p.Context(), "")
			req.Header["Authorization"] = c.headers
			got := p.do(req)
			require.NoError(p, got.err)
			require.Equal(p, c.status, got.status, c.headers)
			require.Equal(p, c.why, p.lastRequest().Refusal)
			if c.why != "" {
				require.Contains(p, got.body, string(c.why))
			}
		}
	})
}

func TestAPI_EchoesABodyAndCanBeReplaced(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		got := p.do(p.post(p.Issue(time.Hour), "tea"))
		require.NoError(p, got.err)
		require.Equal(p, "tea", got.body)
		require.Equal(p, "text/tea", got.header.Get("Content-Type"))
	})
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusConflict)
		io.WriteString(w, r.Host+" "+r.RequestURI+" "+r.URL.Path)
	})
	everywhere(t, sim.Options{API: api}, func(p *place) {
		got := p.get(p.Issue(time.Hour))
		require.NoError(p, got.err)
		require.Equal(p, http.StatusConflict, got.status)
		host := p.api[strings.Index(p.api, "//")+2:]
		require.Equal(p, host+" /orders/7?verbose=1 /orders/7", got.body)
	})
}

func (p *place) post(token, body string) *http.Request {
	req, err := http.NewRequest(http.MethodPost, p.api+"/orders", strings.NewReader(body))
	require.NoError(p, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "text/tea")
	return req
}

func filler(n int) string { return strings.Repeat("0123456789abcdef", n/16+1)[:n] }
