package proxyfile

import (
	"net/url"
	"time"

	"github.com/alf-go/alf/internal/program/settings"
)

// route is one of "routes".
type route struct {
	given
	Name     string
	Host     string
	Path     string
	Methods  []string
	Upstream string

	Tenant   string
	Audience []string
	Scopes   []string
	Resource []string
	Params   url.Values

	Authorization  string
	Cookies        string
	HostHeader     string
	Forwarded      string
	EncodedSlashes string
	HTTP2          bool
	ResponseTime   time.Duration
	AllowHTTP      bool

	upstream *url.URL // parsed; nil: it makes no sense
}

func newRoute() *route {
	return &route{Path: "/", Authorization: "refuse", Cookies: "drop", HostHeader: "upstream", Forwarded: "drop", EncodedSlashes: "refuse"}
}

// schema is that of a route.
func (r *route) schema() schema {
	const file = settings.File // on the command line, the client's own settings say it
	return schema{
		{Setting: settings.Setting{Name: "name", Into: &r.Name, From: file, Help: "what metrics, logs and messages call it; without one, host and path"},
			check: func() string { return checkName(r.Name) }},
		{Setting: settings.Setting{Name: "host", Into: &r.Host, Help: "take requests for `HOST` (the Host header, without a port) alone"},
			check: func() string { return checkHost(r.Host) }},
		{Setting: settings.Setting{Name: "path", Into: &r.Path, Help: "take requests whose path begins with the segments of `PATH`"},
			check: func() string { return checkPath(r.Path) }},
		{Setting: settings.Setting{Name: "methods", Into: &r.Methods, Help: "take requests with `METHOD` alone"},
			check: func() string { return checkMethods(r.Methods) }},
		{Setting: settings.Setting{Name: "upstream", Into: &r.Upstream, Help: "send them to `URL`; its path, if it has one, takes the place of the route's"},
			required: true, check: r.checkUpstream},
		{Setting: settings.Setting{Name: "tenant", Into: &r.Tenant, From: file, Help: "with a token of the client of that name in tenants; without one, of client"}},
		{Setting: settings.Setting{Name: "audience", Into: &r.Audience, From: file, Help: "with a token for that audience, in place of the client's"}},
		{Setting: settings.Setting{Name: "scope", Into: &r.Scopes, From: file, Help: "with a token of that scope, in place of the client's"}},
		{Setting: settings.Setting{Name: "resource", Into: &r.Resource, From: file, Help: "with a token for that URI (RFC 8707), in place of the client's"}},
		{Setting: settings.Setting{Name: "param", Into: &r.Params, From: file, Help: "further parameters of the token request, in place of the client's of the same names"}},
		{Setting: settings.Setting{Name: "authorization", Into: &r.Authorization, Help: "what becomes of a caller's Authorization, by `POLICY`"},
			choices: []choice{{"refuse", "the request is refused"}, {"replace", "the token takes its place"}, {"pass", "it goes on in place of the token"}}},
		{Setting: settings.Setting{Name: "cookies", Into: &r.Cookies, Help: "what becomes of Cookie and Set-Cookie, by `POLICY`"},
			choices: []choice{{"drop", "they are removed"}, {"pass", "they go on"}}},
		{Setting: settings.Setting{Name: "host_header", Into: &r.HostHeader, Help: "which Host the upstream gets, by `POLICY`"},
			choices: []choice{{"upstream", "its own"}, {"pass", "the caller's"}}},
		{Setting: settings.Setting{Name: "forwarded", Into: &r.Forwarded, Help: "what becomes of Forwarded, X-Forwarded-For and the like, by `POLICY`"},
			choices: []choice{{"drop", "they are removed"}, {"append", "the caller's address is appended"}, {"pass", "they go on"}}},
		{Setting: settings.Setting{Name: "encoded_slashes", Into: &r.EncodedSlashes, Help: "what becomes of a path with %2F, which some servers decode, by `POLICY`"},
			choices: []choice{{"refuse", "the request is refused"}, {"pass", "it goes on as it is"}}},
		{Setting: settings.Setting{Name: "http2", Into: &r.HTTP2, Help: "speak HTTP/2 to an http:// upstream (gRPC without TLS); with https:// it is negotiated"}},
		{Setting: settings.Setting{Name: "response_time", Into: &r.ResponseTime, Help: "give up after `TIME` without the beginning of a response; 0: never"},
			check: func() string { return checkTime(r.ResponseTime) }},
		{Setting: settings.Setting{Name: "allow_http", Into: &r.AllowHTTP, From: file, Help: "allow an http:// upstream that is not on loopback, to which the token goes in plain text"}},
	}
}
