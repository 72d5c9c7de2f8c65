package alf_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// redirecting responds to every request but those to the last address with a redirect to the next one, and notes who
// got a token. The last one responds with the given status.
type redirecting struct {
	hops   []string
	status int
	got    []string // "url authorization"
}

func (r *redirecting) RoundTrip(req *http.Request) (*http.Response, error) {
	r.got = append(r.got, strings.TrimSpace(req.URL.String()+" "+req.Header.Get("Authorization")))
	for i, hop := range r.hops[:len(r.hops)-1] {
		if req.URL.String() == hop {
			resp := respond(req, http.StatusTemporaryRedirect, "")
			resp.Header.Set("Location", r.hops[i+1])
			// As a base might that does not know whose request it is.
			resp.Request = nil
			return resp, nil
		}
	}
	return respond(req, r.status, "end of the chain"), nil
}

func follow(t *testing.T, origins []string, hops ...string) []string {
	base := &redirecting{hops: hops, status: 200}
	source := &fakeSource{}
	client := newClient(t, alf.Config{
		Manager: source, HTTPClient: &http.Client{Transport: base}, Origins: origins, AllowHTTP: []string{"plain.example.com"},
	})
	_, body := get(t, client, hops[0])
	require.Equal(t, "end of the chain", body)
	require.Empty(t, source.replaced)
	return base.got
}

func TestC6_RedirectToAnotherOriginCarriesNoToken(t *testing.T) {
	const token = " Bearer token-1"
	const from = "https://api.example.com/from"
	for to, carries := range map[string]bool{
		"https://api.example.com/to":         true,
		"https://API.EXAMPLE.com/to":         true,
		"https://api.example.com:443/to":     true,
		"HTTPS://api.example.com/to":         true,
		"https://api.example.com:8443/to":    false,
		"https://other.example.com/to":       false,
		"https://sub.api.example.com/to":     false,
		"https://example.com/to":             false,
		"https://api.example.com.:443/to":    false,
		"https://api.example.com.evil.io/to": false,
		"http://api.example.com/to":          false,
		"http://api.example.com:443/to":      false,
		"http://plain.example.com/to":        false,
	} {
		got := follow(t, nil, from, to)
		require.Len(t, got, 2)
		require.Equal(t, from+token, got[0])
		require.Equal(t, carries, strings.HasSuffix(got[1], token), got[1])
	}
	// Another scheme alone, where plain http is allowed.
	got := follow(t, nil, "https://plain.example.com:8443/", "http://plain.example.com:8443/")
	require.NotContains(t, got[1], "Bearer")
	// The Kelvin sign folds to a k, by Unicode and not by us.
	got = follow(t, nil, "https://k.example.com/", "https://\u212a.example.com/")
	require.NotContains(t, got[1], "Bearer")
}

func TestC6_DefaultPortsAreFilledIn(t *testing.T) {
	const token = " Bearer token-1"
	require.Equal(t,
		[]string{"https://api.example.com:443/a" + token, "https://api.example.com/b" + token},
		follow(t, nil, "https://api.example.com:443/a", "https://api.example.com/b"))
	require.Equal(t,
		[]string{"http://127.0.0.1/a" + token, "http://127.0.0.1:80/b" + token, "http://127.0.0.1:443/c"},
		follow(t, nil, "http://127.0.0.1/a", "http://127.0.0.1:80/b", "http://127.0.0.1:443/c"))
	require.Equal(t,
		[]string{"https://[2001:db8::A]/a" + token, "https://[2001:DB8::a]:443/b" + token, "https://[2001:db8::b]/c"},
		follow(t, nil, "https://[2001:db8::A]/a", "https://[2001:DB8::a]:443/b", "https://[2001:db8::b]/c"))
}

func TestC6_AChainThatLeftTheOriginCarriesNoTokenToItsEnd(t *testing.T) {
	const token = " Bearer token-1"
	require.Equal(t,
		[]string{"https://a.example.com/1" + token, "https://b.example.com/2", "https://b.example.com/3", "https://a.example.com/4"},
		follow(t, nil, "https://a.example.com/1", "https://b.example.com/2", "https://b.example.com/3", "https://a.example.com/4"))
}

func TestC6_RedirectsWithinTheListedOriginsCarryTheToken(t *testing.T) {
	const token = " Bearer token-1"
	require.Equal(t,
		[]string{"https://A.example.com:443/1" + token, "https://b.example.com:8443/2" + token, "http://plain.example.com/3" + token, "https://b.example.com/4", "https://a.example.com/5"},
		follow(t, []string{"https://a.example.com", "https://B.example.com:8443", "http://plain.example.com:80"},
			"https://A.example.com:443/1", "https://b.example.com:8443/2", "http://plain.example.com/3", "https://b.example.com/4", "https://a.example.com/5"))
}

func TestC6_FirstRequestOutsideTheListedOriginsIsRefusedUnsent(t *testing.T) {
	base := script(200)
	client := newClient(t, alf.Config{
		Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: base}, Origins: []string{"https://api.example.com"},
	})
	for _, target := range []string{"https://other.example.com/", "https://api.example.com:8443/", "http://localhost/", "https://xapi.example.com"} {
		_, err := client.Get(target)
		require.ErrorIs(t, err, alf.ErrRefused, target)
		require.ErrorContains(t, err, "Origins")
	}
	require.Empty(t, base.seen)
	require.EqualValues(t, 4, client.Stats().Refused)
	get(t, client, "https://API.example.com:443/")
	require.Len(t, base.seen, 1)
}

func TestC6_ListedOriginIsNotListedForAnotherScheme(t *testing.T) {
	client := newClient(t, alf.Config{
		Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: script(200)},
		Origins: []string{"https://plain.example.com:8443"}, AllowHTTP: []string{"plain.example.com"},
	})
	_, err := client.Get("http://plain.example.com:8443/")
	require.ErrorIs(t, err, alf.ErrRefused)
	get(t, client, "https://plain.example.com:8443/")
}

func TestC6_401OfAnotherOriginCausesNoFetch(t *testing.T) {
	base := &redirecting{hops: []string{"https://a.example.com/", "https://b.example.com/"}, status: 401}
	source := &fakeSource{}
	resp, _ := get(t, over(t, source, base), "https://a.example.com/")
	require.Equal(t, 401, resp.StatusCode)
	require.Len(t, base.got, 2)
	require.Empty(t, source.replaced)
	require.Empty(t, source.invalidated)
}

func TestC6_401OfARedirectWithinTheOriginIsRetried(t *testing.T) {
	base := &redirecting{hops: []string{"https://a.example.com/1", "https://a.example.com/2"}, status: 401}
	source := &fakeSource{}
	get(t, over(t, source, base), "https://a.example.com/1")
	require.Equal(t, []string{
		"https://a.example.com/1 Bearer token-1", "https://a.example.com/2 Bearer token-1", "https://a.example.com/2 Bearer token-2",
	}, base.got)
	require.Equal(t, []string{"https://a.example.com:443"}, source.replaced)
}

func TestC6_HookIsNotAskedAboutOtherOrigins(t *testing.T) {
	base := &redirecting{hops: []string{"https://a.example.com/", "https://b.example.com/"}, status: 200}
	var asked []string
	client := newClient(t, alf.Config{
		Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: base},
		Rejected: func(resp *http.Response) bool {
			asked = append(asked, resp.Request.URL.Host)
			return false
		},
	})
	get(t, client, "https://a.example.com/")
	require.Equal(t, []string{"a.example.com"}, asked)
}

func TestC6_ChainThatIsBrokenCarriesNoToken(t *testing.T) {
	for _, previous := range []*http.Response{{}, {Request: &http.Request{}}, {Request: &http.Request{Response: &http.Response{}}}} {
		base := script(200)
		req := mustRequest(t, apiURL)
		req.Response = previous
		resp, err := over(t, &fakeSource{}, base).Transport(nil).RoundTrip(req)
		require.NoError(t, err)
		readAll(t, resp)
		require.Equal(t, req.Header, base.seen[0].Header, "it passes through as it is")
		require.Equal(t, req.URL, base.seen[0].URL)
		require.Empty(t, req.Header)
	}
}

func TestC6_RealServers(t *testing.T) {
	auth := startAuth(t)
	var leaked []string
	note := func(w http.ResponseWriter, r *http.Request) { leaked = append(leaked, r.Header.Get("Authorization")) }
	other := httptest.NewServer(http.HandlerFunc(note))
	t.Cleanup(other.Close)
	var api *apiServer
	api = startAPI(t, auth, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/by-name":
			u, _ := url.Parse(api.URL)
			http.Redirect(w, r, "http://localhost:"+u.Port()+"/here", http.StatusSeeOther)
		case "/around":
			http.Redirect(w, r, "/here", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "here")
		}
	})
	client := newClient(t, auth.config())
	resp, _ := get(t, client, api.URL+"/away")
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, []string{""}, leaked)
	_, body := get(t, client, api.URL+"/around")
	require.Equal(t, "here", body)

	// The same server under another name is another origin.
	resp, _ = get(t, client, api.URL+"/by-name")
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, 1, auth.count())
}

func TestC7_PlainHTTPIsRefusedUnlessLoopbackOrAllowedByName(t *testing.T) {
	for _, tc := range []struct {
		url   string
		allow []string
		sent  bool
	}{
		{"https://api.example.com/", nil, true},
		{"HTTPS://api.example.com/", nil, true},
		{"http://api.example.com/", nil, false},
		{"http://10.0.0.1/", nil, false},
		{"http://localhost.example.com/", nil, false},
		{"http://localhost:8080/", nil, true},
		{"http://127.0.0.1:8080/", nil, true},
		{"http://127.9.9.9/", nil, true},
		{"http://[::1]:8080/", nil, true},
		{"http://api.example.com/", []string{"api.example.com"}, true},
		{"http://API.example.com:8080/", []string{"api.example.com"}, true},
		{"http://api.example.com:8080/", []string{"api.example.com:8080"}, true},
		{"http://api.example.com:8081/", []string{"api.example.com:8080"}, false},
		{"http://other.example.com/", []string{"api.example.com"}, false},
		{"http://other.example.com/", []string{"*"}, true},
		{"ftp://api.example.com/", []string{"*"}, false},
	} {
		base, source := script(200), &fakeSource{}
		client := newClient(t, alf.Config{Manager: source, HTTPClient: &http.Client{Transport: base}, AllowHTTP: tc.allow})
		resp, err := client.Get(tc.url)
		if tc.sent {
			require.NoError(t, err, tc.url)
			readAll(t, resp)
			require.Equal(t, []string{"Bearer token-1"}, base.authorizations())
			continue
		}
		require.ErrorIs(t, err, alf.ErrRefused, tc.url)
		if strings.HasPrefix(tc.url, "http:") {
			require.ErrorContains(t, err, "AllowHTTP")
		}
		require.Empty(t, base.seen)
	}
}

func TestC7_RedirectStaysWithoutATokenWherePlainHTTPIsNotAllowed(t *testing.T) {
	// Its first hop did not go through us, so that it was not refused.
	base := script(200)
	req := mustRequest(t, "http://api.example.com/b")
	req.Response = &http.Response{Request: mustRequest(t, "http://api.example.com/a")}
	resp, err := over(t, &fakeSource{}, base).Transport(nil).RoundTrip(req)
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, []string{""}, base.authorizations())
}

func TestC7_RequestWithoutAURLIsRefused(t *testing.T) {
	_, err := over(t, &fakeSource{}, script(200)).Transport(nil).RoundTrip(&http.Request{})
	require.ErrorIs(t, err, alf.ErrRefused)
}

func TestC7_TheSameForTheTokenEndpoint(t *testing.T) {
	cfg := alf.Config{TokenURL: "http://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret)}
	_, err := alf.New(cfg)
	require.ErrorContains(t, err, "TokenURL")
	require.ErrorContains(t, err, "AllowHTTP")
	cfg.AllowHTTP = []string{"as.example.com"}
	newClient(t, cfg)
	cfg.AllowHTTP, cfg.TokenURL = nil, "http://127.0.0.1/token"
	newClient(t, cfg)
}
