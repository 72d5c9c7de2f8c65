package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
)

func TestX2_PathsThatServersUnderstandDifferently(t *testing.T) {
	made := table(t, routing.Route{Name: "all"}, routing.Route{Name: "admin", Path: "/orders/admin"}, routing.Route{Name: "root", Path: "/mapped", UpstreamPath: "/"})
	for name, target := range map[string]string{
		"a dot segment":                                "/a/./b",
		"a dot segment at the end":                     "/a/.",
		"two dots":                                     "/a/../b",
		"two dots at the end":                          "/a/..",
		"encoded dots":                                 "/a/%2e%2e/b",
		"half of them encoded":                         "/a/.%2E/b",
		"dots with parameters (Tomcat)":                "/a/..;x=y/b",
		"dots with encoded parameters":                 "/a/..%3bx/b",
		"dots after a backslash":                       `/a\..\b`,
		"a backslash":                                  `/a\b`,
		"an encoded backslash":                         "/a%5Cb",
		"an encoded slash":                             "/a%2fb",
		"dots after an encoded slash":                  "/a%2f..%2fb",
		"NUL":                                          "/a%00b",
		"an encoded line end":                          "/a%0d%0ab",
		"an encoded DEL":                               "/a%7fb",
		"a control character":                          "/a\x01b",
		"DEL":                                          "/a\x7fb",
		"a space (of HTTP/2)":                          "/a b",
		"a request line (of HTTP/2)":                   "/a HTTP/1.1",
		"a fragment":                                   "/a#b",
		"a fragment at once":                           "/#/../x",
		"a percent sign alone":                         "/a%",
		"one digit":                                    "/a%2",
		"no digits":                                    "/a%zz",
		"IIS's %u":                                     "/a%u002e",
		"a host elsewhere":                             "//evil.example/a",
		"a host elsewhere, by absolute form":           "http://localhost:8480//evil.example/a",
		"a host elsewhere, once mapped":                "/mapped//evil.example/a",
		"an overlong dot":                              "/a/%c0%ae%c0%ae/b",
		"an overlong slash":                            "/a%c0%afb",
		"an overlong backslash":                        "/a%c1%9cb",
		"an overlong slash of three bytes":             "/a%e0%80%afb",
		"an overlong slash of four":                    "/a%f0%80%80%afb",
		"an overlong slash that is not encoded":        "/a\xc0\xafb",
		"a query with a space (of HTTP/2)":             "/a?b HTTP/1.1",
		"a query with a line end (of HTTP/2)":          "/a?b\r\nx: y",
		"a query with a control character":             "/a?b\x00",
		"a query with DEL":                             "/a?b\x7f",
		"a query with a fragment":                      "/a?b#c",
		"another route, by parameters (Tomcat)":        "/orders;x/admin/1",
		"another route, by parameters at its end":      "/orders/admin;x/1",
		"another route, by encoded parameters":         "/orders/admin%3Bx/1",
		"another route, by slashes that are merged":    "/orders//admin/1",
		"another route, by both":                       "/orders/;x/admin/1",
		"another route, for a server that strips both": "/orders;a//admin;b",
	} {
		t.Run(name, func(t *testing.T) {
			_, refusal := made.Decide(get(target))
			requireRefused(t, refusal, routing.Ambiguous, 400)
		})
	}
}

// What is only unusual goes on, in one spelling.
func TestX2_PathsThatAreNormalised(t *testing.T) {
	made := table(t, routing.Route{Name: "all"},
		routing.Route{Name: "orders", Path: "/orders/", UpstreamPath: "/v2/"},
		routing.Route{Name: "files", Path: "/files", UpstreamPath: "/blobs", EncodedSlashes: true},
		routing.Route{Name: "root", Path: "/mapped", UpstreamPath: "/"},
		routing.Route{Name: "encoded", Path: "/caf%C3%A9/a%20b", UpstreamPath: "/c"},
		routing.Route{Name: "project", Path: "/project", UpstreamPath: "/api/grüße%2Fx"})
	for target, want := range map[string]struct {
		route       int
		path, query string
	}{
		"/":                          {0, "/", ""},
		"/?":                         {0, "/", ""},
		"/a/b?c=d&e=/../":            {0, "/a/b", "c=d&e=/../"},
		"/a//b/":                     {0, "/a//b/", ""},
		"/a;v=1/b;v=2":               {0, "/a;v=1/b;v=2", ""},
		"/a/...":                     {0, "/a/...", ""},
		"/a/.well-known":             {0, "/a/.well-known", ""},
		"/a%25b":                     {0, "/a%25b", ""},
		"/a%3Fb%23c":                 {0, "/a%3Fb%23c", ""},
		"/%61":                       {0, "/%61", ""},
		"/orders":                    {1, "/v2/", ""},
		"/orders/":                   {1, "/v2/", ""},
		"/orders/17":                 {1, "/v2/17", ""},
		"/orders/17?x":               {1, "/v2/17", "x"},
		"/%6frders/17":               {1, "/v2/17", ""},
		"/orders/%31;v=1//x":         {1, "/v2/%31;v=1//x", ""},
		"/ordersheets":               {0, "/ordersheets", ""},
		"/Orders":                    {0, "/Orders", ""},
		"/files/a%2Fb":               {2, "/blobs/a%2Fb", ""},
		"/files/a%2fb|c":             {2, "/blobs/a%2fb%7Cc", ""},
		"/mapped":                    {3, "/", ""},
		"/mapped/":                   {3, "/", ""},
		"/mapped/x":                  {3, "/x", ""},
		"/a\"<>^`{|}[]":              {0, "/a%22%3C%3E%5E%60%7B%7C%7D[]", ""},
		"/ä?ö":                       {0, "/%C3%A4", "%C3%B6"},
		"/a?\"|{}[]\\'<>":            {0, "/a", "\"|{}[]\\'<>"},
		"/café/a%20b/x":              {4, "/c/x", ""},
		"/caf%c3%a9/a%20b":           {4, "/c", ""},
		"/project/tags":              {5, "/api/gr%C3%BC%C3%9Fe%2Fx/tags", ""},
		"http://localhost:8480/a?b":  {0, "/a", "b"},
		"http://localhost:8480":      {0, "/", ""},
		"HTTP://localhost:8480?b=/x": {0, "/", "b=/x"},
	} {
		match, refusal := made.Decide(get(target))
		require.Nil(t, refusal, target)
		require.Equal(t, routing.Match{Route: want.route, Path: want.path, Query: want.query}, match, target)
	}
}
