package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
)

func TestX2_TheMostSpecificRouteWins(t *testing.T) {
	hosts := func(name, host, path string, methods ...string) routing.Route {
		return routing.Route{Name: name, Host: host, Path: path, Methods: methods}
	}
	made := table(t,
		hosts("any", "", "/"),
		hosts("orders", "", "/orders/"),
		hosts("orders by GET", "", "/orders", "GET", "HEAD"),
		hosts("api", "api.example.com", ""),
		hosts("api's orders", "API.example.com", "/orders"),
		hosts("items by POST", "", "/orders/items", "POST"),
	)
	for _, c := range []struct {
		host, method, path string
		route              int
	}{
		{"localhost", "GET", "/", 0},
		{"localhost", "POST", "/orders", 1},
		{"localhost", "GET", "/orders/1", 2},
		{"localhost", "get", "/orders/1", 1},
		{"localhost", "POST", "/orders/items/1", 5},
		{"localhost", "GET", "/orders/items/1", 2},
		{"localhost", "PUT", "/orders/items/1", 1},
		{"api.example.com", "GET", "/", 3},
		{"api.example.com:1", "POST", "/orders/items", 4},
		{"api.example.com", "GET", "/orders", 4},
	} {
		match, refusal := made.Decide(&routing.Request{Major: 1, Minor: 1, Method: c.method, Target: c.path, Host: c.host})
		require.Nil(t, refusal, c)
		require.Equal(t, c.route, match.Route, c)
	}
}

func TestX2_NoRouteNoRequest(t *testing.T) {
	made := table(t, routing.Route{Name: "a", Path: "/a", Methods: []string{"PUT", "GET"}}, routing.Route{Name: "b", Path: "/a", Methods: []string{"POST"}},
		routing.Route{Name: "c", Host: "c.example", Path: "/c"})
	for _, path := range []string{"/", "/b", "/aa", "/c", "/A"} {
		_, refusal := made.Decide(get(path))
		requireRefused(t, refusal, routing.NoRoute, 404)
		require.Empty(t, refusal.Allow)
	}
	r := get("/a/1")
	r.Method = "DELETE"
	_, refusal := made.Decide(r)
	requireRefused(t, refusal, routing.Method, 405)
	require.Equal(t, []string{"GET", "POST", "PUT"}, refusal.Allow)
}

func TestX2_RoutesThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		routes []routing.Route
		says   string
	}{
		"the same twice":               {[]routing.Route{{Name: "one", Path: "/a"}, {Name: "two", Path: "/a/"}}, `"one" and "two"`},
		"in two spellings":             {[]routing.Route{{Name: "one", Path: "/%61"}, {Name: "two", Path: "/a"}}, `"one" and "two"`},
		"hosts in two spellings":       {[]routing.Route{{Name: "one", Host: "A"}, {Name: "two", Host: "a"}}, `"one" and "two"`},
		"methods in common":            {[]routing.Route{{Name: "one", Methods: []string{"GET", "PUT"}}, {Name: "two", Methods: []string{"PUT"}}}, `"one" and "two"`},
		"a path that is none":          {[]routing.Route{{Name: "one", Path: "orders"}}, "has to begin with a slash"},
		"a path no request can have":   {[]routing.Route{{Name: "one", Path: "/a/../b"}}, "dot segment"},
		"an encoded slash":             {[]routing.Route{{Name: "one", Path: "/a%2Fb"}}, "encoded slash"},
		"parameters":                   {[]routing.Route{{Name: "one", Path: "/a;b"}}, "parameters"},
		"an empty segment":             {[]routing.Route{{Name: "one", Path: "/a//b"}}, "empty segment"},
		"a query":                      {[]routing.Route{{Name: "one", Path: "/a?b"}}, "query"},
		"an upstream's path":           {[]routing.Route{{Name: "one", UpstreamPath: "v2"}}, "has to begin with a slash"},
		"an upstream's host elsewhere": {[]routing.Route{{Name: "one", UpstreamPath: "//v2"}}, "two slashes"},
		"an upstream's path upwards":   {[]routing.Route{{Name: "one", UpstreamPath: "/v2/../v1"}}, "dot segment"},
	} {
		_, err := routing.NewTable(nil, c.routes)
		require.ErrorContains(t, err, c.says, name)
	}
	_, err := routing.NewTable(nil, []routing.Route{
		{Name: "1", Path: "/a", Methods: []string{"GET"}}, {Name: "2", Path: "/a", Methods: []string{"PUT"}}, {Name: "3", Path: "/a"},
		{Name: "4", Path: "/a", Host: "x"}, {Name: "5", Path: "/a", Host: "y"}, {Name: "6"},
	})
	require.NoError(t, err)
}

func TestX2_AnAuthorizationOfTheCallersOwn(t *testing.T) {
	for _, c := range []struct {
		policy   routing.Policy
		given    []string
		refused  bool
		reason   routing.Reason
		decision string
	}{
		{routing.Refuse, nil, false, "", ""},
		{routing.Refuse, []string{"Bearer x"}, true, routing.Authorization, ""},
		{routing.Refuse, []string{""}, true, routing.Authorization, ""},
		{routing.Replace, []string{"Bearer x"}, false, "", ""},
		{routing.Replace, []string{"Bearer x", "Basic y"}, false, "", ""},
		{routing.Pass, nil, false, "", ""},
		{routing.Pass, []string{"Basic y"}, false, "", ""},
		{routing.Pass, []string{"Bearer x", "Basic y"}, true, routing.Ambiguous, ""},
	} {
		made := table(t, routing.Route{Name: "a", Headers: routing.Headers{Authorization: c.policy}})
		r := get("/")
		for _, value := range c.given {
			with(r, "Authorization", value)
		}
		_, refusal := made.Decide(r)
		require.Equal(t, c.refused, refusal != nil, c)
		if refusal != nil {
			requireRefused(t, refusal, c.reason, 400)
			require.NotContains(t, refusal.Detail, "Bearer x")
		}
	}
}

// A table does not change when what it was made from does.
func TestX2_ATableIsItsOwn(t *testing.T) {
	routes := []routing.Route{{Name: "a", Path: "/a"}}
	made := table(t, routes...)
	routes[0].Path = "/b"
	_, refusal := made.Decide(get("/a"))
	require.Nil(t, refusal)
	require.Equal(t, "/b", routes[0].Path)
}
