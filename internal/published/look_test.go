package published

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/discovery"
)

// api is a server whose paths respond as a test wants; "SELF" stands for its URL. All others are 404.
type api struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newAPI(t *testing.T, paths map[string]http.HandlerFunc) *api {
	a := new(api)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.asked = append(a.asked, r.URL.RequestURI())
		a.mu.Unlock()
		for name := range r.Header {
			if !slices.Contains([]string{"Accept", "Accept-Encoding", "User-Agent"}, name) {
				t.Errorf("%s carries the header %s", r.URL, name)
			}
		}
		if r.Method != http.MethodGet {
			t.Errorf("%s is a %s", r.URL, r.Method)
		}
		if respond := paths[r.URL.RequestURI()]; respond != nil {
			respond(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

// requests are what was asked for so far.
func (a *api) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// body responds with a text.
func (a *api) body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.ReplaceAll(text, "SELF", "http://"+r.Host))
	}
}

func challenge(header string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", strings.ReplaceAll(header, "SELF", "http://"+r.Host))
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", strings.ReplaceAll(to, "SELF", "http://"+r.Host))
		w.WriteHeader(http.StatusFound)
	}
}

func optionsFor(t *testing.T, address string) Options {
	u, err := url.Parse(address)
	require.NoError(t, err)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	return Options{API: u, Transport: transport, Timeout: 10 * time.Second, UserAgent: "alf/test"}
}

func lookAt(t *testing.T, address string, change ...func(*Options)) *Found {
	t.Helper()
	options := optionsFor(t, address)
	for _, c := range change {
		c(&options)
	}
	found, err := Look(t.Context(), options)
	require.NoError(t, err)
	return found
}

// why says what was wrong with a location.
func (f *Found) why(t *testing.T, suffix string) string {
	t.Helper()
	for _, a := range f.Attempts {
		if strings.HasSuffix(a.URL, suffix) {
			return a.Why
		}
	}
	t.Fatalf("%s was not asked: %v", suffix, f.Attempts)
	return ""
}

const (
	rfc9728 = "/.well-known/oauth-protected-resource"
	rfc8414 = "/.well-known/oauth-authorization-server"
	openID  = "/.well-known/openid-configuration"
)

// Each location of RFC 9728 in its order: a document is found at the first that has one, and the later ones are not
// asked.
func TestPublished_LocationsOfTheAPIsDocument(t *testing.T) {
	order := []string{"/elsewhere", rfc9728 + "/v1/mcp?x=1", rfc9728 + "/v1/mcp", rfc9728, "/v1/mcp" + rfc9728}
	for i, at := range order {
		var a *api
		a = newAPI(t, map[string]http.HandlerFunc{
			"/v1/mcp?x=1": challenge(`Bearer resource_metadata="SELF/elsewhere"`),
			at:            func(w http.ResponseWriter, r *http.Request) { a.body(`{"resource":"SELF/v1"}`)(w, r) },
		})
		found := lookAt(t, a.URL+"/v1/mcp?x=1")
		require.NotNil(t, found.Resource, at)
		require.Equal(t, a.URL+at, found.At.URL)
		require.Equal(t, append([]string{"/v1/mcp?x=1"}, order[:i+1]...), a.requests())
		require.Equal(t, "401 Unauthorized", found.Status)
	}
}

// Each location of RFC 8414 and OpenID Connect Discovery in its order, for an issuer with a path.
func TestPublished_LocationsOfServerMetadata(t *testing.T) {
	order := []string{rfc8414 + "/as", "/as" + openID, openID + "/as", "/as" + rfc8414}
	for i, at := range order {
		var a *api
		a = newAPI(t, map[string]http.HandlerFunc{
			rfc9728: func(w http.ResponseWriter, r *http.Request) {
				a.body(`{"resource":"SELF","authorization_servers":["SELF/as"]}`)(w, r)
			},
			at: func(w http.ResponseWriter, r *http.Request) {
				a.body(`{"issuer":"SELF/as","token_endpoint":"SELF/t"}`)(w, r)
			},
		})
		found := lookAt(t, a.URL)
		require.Equal(t, a.URL+"/t", found.Servers[0].TokenEndpoint)
		require.Equal(t, a.URL+at, found.Located[a.URL+"/as"])
		require.Equal(t, append([]string{"/", rfc9728}, order[:i+1]...), a.requests())
	}
}

// A document that is no use does not keep the next location from being asked.
func TestPublished_DocumentsThatAreNotUsed(t *testing.T) {
	long := `{"resource":"SELF/v1","x":"` + strings.Repeat("x", 2<<20) + `"}`
	for says, respond := range map[string]func(*api) http.HandlerFunc{
		"longer than 1 MiB":        func(a *api) http.HandlerFunc { return a.body(long) },
		"longer than 1 MiB: not r": func(*api) http.HandlerFunc { return endless },
		"not one JSON object":      func(a *api) http.HandlerFunc { return a.body("<html>") },
		"about another API, https://bank.example.com: not used": func(a *api) http.HandlerFunc { return a.body(`{"resource":"https://bank.example.com"}`) },
		"500 Internal Server Error": func(a *api) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
		},
		"redirects in a loop":                                 func(*api) http.HandlerFunc { return redirect("SELF" + rfc9728 + "/v1") },
		"redirects more than 5 times":                         func(*api) http.HandlerFunc { return further },
		"redirects to http://127.0.0.1:1, another origin":     func(*api) http.HandlerFunc { return redirect("http://127.0.0.1:1/x") },
		"redirects to http://169.254.169.254, another origin": func(*api) http.HandlerFunc { return redirect("http://169.254.169.254/latest") },
		"redirects to nowhere":                                func(*api) http.HandlerFunc { return redirect("http://[") },
		"the response broke off":                              func(*api) http.HandlerFunc { return cutOff },
	} {
		t.Run(says, func(t *testing.T) {
			paths := map[string]http.HandlerFunc{}
			a := newAPI(t, paths)
			paths[rfc9728+"/v1"] = respond(a)
			paths[rfc9728] = a.body(`{"resource":"SELF/v1"}`)
			for n := range 9 {
				paths[fmt.Sprintf("/further/%d", n)] = further
			}
			found := lookAt(t, a.URL+"/v1")
			require.NotNil(t, found.Resource)
			require.Contains(t, found.why(t, rfc9728+"/v1"), strings.TrimSuffix(says, " r"))
			require.LessOrEqual(t, len(a.requests()), 10)
		})
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	for range 200 {
		if _, err := w.Write(make([]byte, 64<<10)); err != nil {
			return
		}
	}
}

func further(w http.ResponseWriter, r *http.Request) {
	var n int
	_, _ = fmt.Sscanf(r.URL.Path, "/further/%d", &n)
	redirect(fmt.Sprintf("/further/%d", n+1))(w, r)
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	io.WriteString(w, `{"resource"`)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// A redirect within the origin is followed, and reported.
func TestPublished_RedirectsWithinTheOrigin(t *testing.T) {
	a := newAPI(t, nil)
	a.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1":
			redirect("/v1/")(w, r)
		case "/v1/":
			challenge("Bearer")(w, r)
		case rfc9728 + "/v1":
			redirect(rfc9728+"/v1/")(w, r)
		case rfc9728 + "/v1/":
			a.body(`{"resource":"SELF/v1","authorization_servers":["SELF"]}`)(w, r)
		case rfc8414:
			redirect(openID)(w, r)
		case openID:
			a.body(`{"issuer":"SELF"}`)(w, r)
		default:
			http.NotFound(w, r)
		}
	})
	found := lookAt(t, a.URL+"/v1")
	require.NotNil(t, found.Resource)
	require.Len(t, found.Servers, 1)
	require.Len(t, found.Findings, 3)
	require.Contains(t, found.Findings[0].Cause, "the API redirects to "+a.URL+"/v1/")
	require.Contains(t, found.Findings[1].Cause, "where a redirect leads")
	require.Contains(t, found.Findings[2].Cause, "alf's client follows none")
}

func TestPublished_AnAPIThatRedirectsElsewhere(t *testing.T) {
	a := newAPI(t, map[string]http.HandlerFunc{"/": redirect("https://login.example.com/")})
	found := lookAt(t, a.URL)
	require.Contains(t, found.Findings[0].Cause, "redirects to https://login.example.com, another origin: not followed")
	require.Equal(t, []string{"/", rfc9728, rfc8414, openID}, a.requests())
	require.True(t, found.Empty())
}

// Metadata of another issuer, an issuer elsewhere, and one in this machine's network.
func TestPublished_ServersThatAreNotAsked(t *testing.T) {
	a := newAPI(t, nil)
	for issuer, says := range map[string]string{
		"http://169.254.169.254":    "plain http",
		"https://169.254.169.254":   "169.254.169.254 is a link-local address, and the given URL has none of that kind: not asked",
		"https://10.0.0.1:8443":     "10.0.0.1 is a private address",
		"https://[fd00:ec2::254]/x": "fd00:ec2::254 is a private address",
		"https://0.0.0.0":           "0.0.0.0 is a reserved address",
		"https://[::ffff:10.0.0.1]": "10.0.0.1 is a private address",
		"http://as.example.com":     "plain http",
		"SELF/other":                "it is that of another issuer",
	} {
		a.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case rfc9728:
				a.body(`{"resource":"SELF","authorization_servers":["`+issuer+`"]}`)(w, r)
			case rfc8414 + "/other":
				a.body(`{"issuer":"https://bank.example.com","token_endpoint":"SELF/steal"}`)(w, r)
			default:
				http.NotFound(w, r)
			}
		})
		found := lookAt(t, a.URL)
		require.Empty(t, found.Servers, issuer)
		require.Contains(t, found.Attempts[0].Why, says, issuer)
		if !strings.HasPrefix(issuer, "SELF") {
			require.Len(t, found.Attempts, 1, "its other locations are not asked")
		}
	}
}

// The addresses are checked when they are dialled, after the name was resolved: a name that resolves differently the
// second time gains nothing.
func TestPublished_AddressesAreCheckedAtTheDial(t *testing.T) {
	g := new(guard)
	require.NoError(t, g.control("tcp", "169.254.169.254:80", nil), "the given URL may be anywhere")
	g.know(discovery.ClassOf(netip.MustParseAddr("93.184.215.14")))
	for _, address := range []string{"169.254.169.254:80", "127.0.0.1:80", "[::1]:80", "10.1.1.1:80", "0.0.0.0:80", "[fe80::1%lo]:80", "[::ffff:127.0.0.1]:80"} {
		require.Error(t, g.control("tcp", address, nil), address)
	}
	require.NoError(t, g.control("tcp", "93.184.215.15:443", nil))
	require.Error(t, g.control("tcp", "nonsense", nil))
	g.know(discovery.Loopback)
	require.Error(t, g.control("tcp", "127.0.0.1:80", nil), "the class of the given URL is known once and for all")

	// The same through the transport: localhost resolves to loopback, and the given URL was public.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	via := newTransports(&http.Transport{})
	defer via.close()
	via.guard.know(discovery.Public)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	req, err := http.NewRequest(http.MethodGet, "http://localhost:"+port, nil)
	require.NoError(t, err)
	_, err = via.RoundTrip(req)
	var refused *refusedAddress
	require.ErrorAs(t, err, &refused)
	require.Contains(t, err.Error(), "is a loopback address, and the given URL has none of that kind: not asked")
}

// Behind a proxy names are resolved by the proxy; addresses and this machine's name are refused here.
func TestPublished_Proxies(t *testing.T) {
	proxied := []string{}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied = append(proxied, r.URL.Host)
		switch r.URL.Path {
		case rfc9728:
			io.WriteString(w, `{"resource":"http://api.example.com","authorization_servers":["https://10.0.0.1","http://localhost:7","http://as.example.com"]}`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	found := lookAt(t, "http://api.example.com", func(o *Options) {
		o.Transport.Proxy = http.ProxyURL(at)
		o.AllowHTTP = []string{"as.example.com"}
	})
	require.NotNil(t, found.Resource)
	require.Equal(t, "10.0.0.1 is a private address, and the given URL has none of that kind: not asked", found.why(t, "https://10.0.0.1"+rfc8414))
	require.Contains(t, found.why(t, "http://localhost:7"+rfc8414), "127.0.0.1 is a loopback address")
	require.Equal(t, "404 Not Found", found.why(t, "http://as.example.com"+rfc8414))
	require.Equal(t, []string{"api.example.com", "as.example.com"}, slices.Compact(proxied))
}

// However much an API names, a run ends.
func TestPublished_RequestsAreBounded(t *testing.T) {
	a := newAPI(t, nil)
	a.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.asked = append(a.asked, r.URL.Path)
		a.mu.Unlock()
		if r.URL.Path == rfc9728 {
			a.body(`{"resource":"SELF","authorization_servers":["SELF/1","SELF/2","SELF/3","SELF/4","SELF/5","SELF/6"]}`)(w, r)
			return
		}
		var n int
		_, _ = fmt.Sscanf(r.URL.RawQuery, "%d", &n)
		if n == 4 {
			http.NotFound(w, r)
			return
		}
		redirect(fmt.Sprintf("%s?%d", r.URL.Path, n+1))(w, r)
	})
	found := lookAt(t, a.URL)
	require.Len(t, a.requests(), maxRequests)
	require.Contains(t, found.Attempts[len(found.Attempts)-1].Why, "48 requests have been sent already")
}

// A host that does not respond is waited for once.
func TestPublished_AHostThatDoesNotRespond(t *testing.T) {
	a := newAPI(t, map[string]http.HandlerFunc{
		rfc9728 + "/v1": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	})
	found := lookAt(t, a.URL+"/v1", func(o *Options) { o.Timeout = time.Second })
	require.Contains(t, found.why(t, rfc9728+"/v1"), "no response in time")
	require.Contains(t, found.why(t, rfc9728), "the host did not respond before")
	require.Len(t, a.requests(), 2)
}

func TestPublished_AnAPIThatIsNotThere(t *testing.T) {
	_, err := Look(t.Context(), optionsFor(t, "http://127.0.0.1:1"))
	require.ErrorContains(t, err, "connection refused")
	a := newAPI(t, map[string]http.HandlerFunc{"/": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
	options := optionsFor(t, a.URL)
	options.Timeout = 100 * time.Millisecond
	_, err = Look(t.Context(), options)
	require.ErrorIs(t, err, errLate)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Look(ended, optionsFor(t, a.URL))
	require.ErrorIs(t, err, context.Canceled)
}

// A stream of events is not read, as it has no end.
func TestPublished_AStreamOfEvents(t *testing.T) {
	a := newAPI(t, map[string]http.HandlerFunc{"/mcp": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Mcp-Session-Id", "1")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}})
	found := lookAt(t, a.URL+"/mcp")
	require.Equal(t, "200 OK", found.Status)
	require.Contains(t, found.MCP, "header of the Model Context Protocol")
}

// Neither a client certificate nor a cookie goes anywhere: cookies that are set do not come back.
func TestPublished_NothingIsSentAlong(t *testing.T) {
	a := newAPI(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "x"})
		challenge("Bearer")(w, r)
	}})
	lookAt(t, a.URL) // newAPI fails for any other header
	require.Equal(t, []string{"/", rfc9728, rfc8414, openID}, a.requests())
}

// The configured issuer is asked wherever it is, as the user named it.
func TestPublished_TheConfiguredIssuer(t *testing.T) {
	a := newAPI(t, nil)
	a.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case rfc9728:
			a.body(`{"resource":"SELF","authorization_servers":["SELF/1","SELF/2"]}`)(w, r)
		case rfc8414 + "/1", rfc8414 + "/2", rfc8414 + "/own":
			a.body(`{"issuer":"SELF/`+r.URL.Path[len(r.URL.Path)-1:]+`"}`)(w, r)
		default:
			http.NotFound(w, r)
		}
	})
	found := lookAt(t, a.URL, func(o *Options) { o.Issuer = a.URL + "/2" })
	require.Equal(t, a.URL+"/2", found.Servers[0].Issuer)
	require.Equal(t, a.URL+"/1", found.Servers[1].Issuer)
	found = lookAt(t, a.URL, func(o *Options) { o.ResourceOnly = true })
	require.Empty(t, found.Servers)
}
