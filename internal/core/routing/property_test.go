package routing_test

import (
	"bufio"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
)

// pieces are what paths are drawn from: segments of the routes, and what an attacker may write for a slash or a dot.
var pieces = []string{
	"/", "/", "/", "/", "a", "b", "admin", "a", "b", "%61", "%62", "%41dmin", "adm%69n", ".", "..", "%2e", "%2E%2e", "%2f", "%2F", "%5c", `\`, ";", ";x=y", "%3b", "..;",
	"%00", "%", "%zz", "%u002f", "//", " ", "|", `"`, "ä", "%c3%a4", "%c0%ae", "%c0%af", "\xc0\xaf", "%e0%80%af", "%252e", "%252f", "%25", "#", "~", "%7e", "+", "%20", "[", "^", "'", "\x7f", "\x01",
}

var refused = map[string]bool{"%2e": true, "%2E%2e": true, "%5c": true, "%00": true, "%": true, "%zz": true, "%u002f": true, "%c0%ae": true, "%c0%af": true, "%e0%80%af": true, "\xc0\xaf": true}

func drawPath(r *rand.Rand) string {
	b := []string{"/"}
	for range r.IntN(9) {
		b = append(b, pieces[r.IntN(len(pieces))])
	}
	if r.IntN(4) > 0 { // most of the others are refused
		b = slices.DeleteFunc(b, func(s string) bool { return strings.ContainsAny(s, ".\\ #\x7f\x01") || refused[s] })
	}
	return strings.Join(b, "")
}

func drawRoutes(r *rand.Rand) (routes []routing.Route) {
	paths := []string{"", "/", "/a", "/a/", "/b", "/a/b", "/a/admin", "/admin/", "/%61/a", "/b/ä", "/a/b/a"}
	upstreams := []string{"", "", "/", "/v2", "/v2/", "/a/b", "/%C3%A4/"}
	methods := [][]string{nil, nil, {"GET"}, {"POST", "PUT"}}
	for range 1 + r.IntN(5) {
		route := routing.Route{
			Path: paths[r.IntN(len(paths))], Methods: methods[r.IntN(len(methods))],
			UpstreamPath: upstreams[r.IntN(len(upstreams))], EncodedSlashes: r.IntN(3) == 0,
		}
		if r.IntN(4) == 0 {
			route.Host = "api.example"
		}
		if _, err := routing.NewTable(nil, append(routes, route)); err == nil {
			routes = append(routes, route)
		}
	}
	return routes
}

// checkDecision holds one decision against what servers of all kinds would make of the request. admitted says whether
// there was anything to check.
func checkDecision(t *testing.T, routes []routing.Route, r *routing.Request) (admitted bool) {
	made := table(t, routes...)
	match, refusal := made.Decide(r)
	raw, query, _ := strings.Cut(r.Target, "?")
	if refusal != nil {
		require.Equal(t, routing.Match{}, match)
		return false
	}
	route := routes[match.Route]
	host, _, _ := strings.Cut(r.Host, ":")

	// What goes on is what is sent: no part of net/http writes it differently.
	out := url.URL{Scheme: "http", Host: "upstream", RawPath: match.Path, RawQuery: match.Query}
	var err error
	out.Path, err = url.PathUnescape(match.Path)
	require.NoError(t, err)
	target := match.Path
	if match.Query != "" {
		target += "?" + match.Query
	}
	require.Equal(t, target, out.RequestURI())
	read, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: upstream\r\n\r\n")))
	require.NoError(t, err)
	require.Equal(t, target, read.RequestURI)
	require.Equal(t, "upstream", read.Host)
	require.False(t, strings.HasPrefix(target, "//"))
	unescaped := func(s string) string { u, _ := url.PathUnescape(s); return u }
	require.Equal(t, unescaped(query), unescaped(match.Query))

	strict, ok := splitThenDecode(raw)
	require.True(t, ok)
	inside := route.UpstreamPath
	if inside == "" {
		inside = route.Path
	}
	sent, _ := splitThenDecode(match.Path)
	for _, s := range servers {
		if s.decodesSlashes && route.EncodedSlashes && strings.Contains(strings.ToLower(raw), "%2f") {
			continue // that the server does not is what the route says
		}
		seen, ok := s.see(match.Path)
		require.True(t, ok, s.name)
		if s.name == servers[1].name {
			seen = mapped(seen)
		}
		require.True(t, under(seen, inside), "%s: %q is not under %q", s.name, seen, inside)
		if !s.ignores {
			require.Equal(t, sent, seen, s.name)
		}
		if seen, ok := s.see(raw); ok && s.name != servers[1].name {
			require.Equal(t, match.Route, best(routes, host, r.Method, seen), "%s sees %q and would choose another route", s.name, seen)
		}
	}
	// The rest of the path is that of the request.
	if route.UpstreamPath == "" {
		require.Equal(t, strict, sent)
	} else {
		rest := strict[len(segmentsOf(route.Path)):]
		require.Equal(t, rest, sent[len(segmentsOf(route.UpstreamPath)):][:len(rest)])
	}
	return true
}

// mapped decodes what a server that does not decode sees, for the comparison.
func mapped(segments []string) (out []string) {
	for _, s := range segments {
		d, _ := url.PathUnescape(s)
		out = append(out, d)
	}
	return out
}

// Whatever is admitted, every kind of server sees the same resource, under the path of the route; and it would have
// chosen the same route.
func TestX2_EveryServerSeesTheSameResource(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 2))
	admitted := 0
	hosts, methods := []string{"localhost", "api.example:80", "API.example"}, []string{"GET", "POST", "PUT", "DELETE"}
	for range 15_000 {
		routes := drawRoutes(r)
		target := drawPath(r)
		if r.IntN(4) == 0 {
			target += "?" + drawPath(r)
		}
		request := get(target)
		request.Host, request.Method = hosts[r.IntN(3)], methods[r.IntN(4)]
		if !strings.Contains(strings.Join(hostsOf(routes), " "), "api") {
			request.Host = "localhost"
		}
		if checkDecision(t, routes, request) {
			admitted++
		}
		if t.Failed() {
			t.Fatalf("%+v %+v", routes, request)
		}
	}
	require.Greater(t, admitted, 2_500, "too few to mean anything")
	t.Logf("%d admitted", admitted)
}

func hostsOf(routes []routing.Route) (hosts []string) {
	for _, r := range routes {
		hosts = append(hosts, r.Host)
	}
	return hosts
}

// FuzzDecide: whatever the target and the host, the same holds.
func FuzzDecide(f *testing.F) {
	for _, target := range []string{"/", "/a/admin?x", "/a/%61;x//b", "/a%2Fb|", "http://localhost/a", "/ä?ö", "/a/..;/b", "//a", "*", "/a?b c"} {
		f.Add(target, "localhost", "GET", true)
		f.Add(target, "api.example:80", "POST", false)
	}
	f.Fuzz(func(t *testing.T, target, host, method string, slashes bool) {
		routes := []routing.Route{
			{Name: "all"}, {Name: "a", Path: "/a", UpstreamPath: "/v2/", EncodedSlashes: slashes}, {Name: "admin", Path: "/a/admin", UpstreamPath: "/"},
			{Name: "api", Host: "api.example", Path: "/a", Methods: []string{"GET"}, EncodedSlashes: slashes}, {Name: "umlaut", Path: "/%C3%A4"},
		}
		r := get(target)
		r.Host, r.Method = host, method
		if strings.HasPrefix(target, "/") {
			checkDecision(t, routes, r)
		} else {
			_, _ = table(t, routes...).Decide(r)
		}
	})
}

// FuzzHostName: a name that is returned is one that no other program could take for another.
func FuzzHostName(f *testing.F) {
	for _, host := range []string{"localhost", "[::1]:80", "a:65536", "user@a", "[::1%25lo]", "A.b", "a:", "[::ffff:1.2.3.4]"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		name, ok := routing.HostName(host)
		if !ok {
			require.Empty(t, name)
			return
		}
		require.Equal(t, strings.ToLower(name), name)
		u, err := url.Parse("http://" + host + "/x")
		require.NoError(t, err)
		require.Nil(t, u.User)
		require.Equal(t, "/x", u.Path)
		require.Equal(t, host, u.Host)
		if !strings.HasPrefix(host, "[") {
			require.Equal(t, strings.ToLower(u.Hostname()), name)
			return
		}
		again, ok := routing.HostName("[" + name + "]")
		require.True(t, ok)
		require.Equal(t, name, again)
	})
}
