package routing_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
)

// websocket is a handshake by RFC 6455.
func websocket() *routing.Request {
	return with(get("/chat"), "Connection", "Upgrade", "Upgrade", "websocket",
		"Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-Websocket-Version", "13")
}

func TestX2_WhatIsRefusedBeforeAnyRoute(t *testing.T) {
	method := func(m string) *routing.Request { r := get("/"); r.Method = m; return r }
	host := func(h string) *routing.Request { r := get("/"); r.Host = h; return r }
	edited := func(edit func(*routing.Request)) *routing.Request { r := websocket(); edit(r); return r }
	without := func(name string) *routing.Request { return edited(func(r *routing.Request) { delete(r.Header, name) }) }
	for name, c := range map[string]struct {
		request *routing.Request
		reason  routing.Reason
		status  int
	}{
		"an open proxy":       {method("CONNECT"), routing.Method, 405},
		"the token sent back": {method("TRACE"), routing.Method, 405},
		"for servers that ignore the case of methods":   {method("trace"), routing.Method, 405},
		"the same of an open proxy":                     {method("Connect"), routing.Method, 405},
		"no method":                                     {method(""), routing.Ambiguous, 400},
		"a request line in the method (of HTTP/2)":      {method("GET /admin HTTP/1.1\r\nX: "), routing.Ambiguous, 400},
		"a space in the method":                         {method("GET /"), routing.Ambiguous, 400},
		"a web page":                                    {with(get("/"), "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-site"), routing.Browser, 403},
		"a web page's mode, with where it comes from":   {with(get("/"), "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "cross-site"), routing.Browser, 403},
		"a navigation in a browser":                     {with(get("/"), "Sec-Fetch-Site", "none"), routing.Browser, 403},
		"a header of this kind that is yet to come":     {with(get("/"), "Sec-Fetch-Later", ""), routing.Browser, 403},
		"another host":                                  {host("evil.example"), routing.UnlistedHost, 421},
		"another host, and a port that is right":        {host("evil.example:8480"), routing.UnlistedHost, 421},
		"a name that ends as one of ours":               {host("evil.localhost"), routing.UnlistedHost, 421},
		"a name that begins as one of ours":             {host("localhost.evil.example"), routing.UnlistedHost, 421},
		"the root's dot":                                {host("localhost."), routing.UnlistedHost, 421},
		"another loopback address":                      {host("127.0.0.2"), routing.UnlistedHost, 421},
		"loopback as a number":                          {host("2130706433"), routing.UnlistedHost, 421},
		"no host":                                       {host(""), routing.Ambiguous, 400},
		"a user":                                        {host("user@localhost"), routing.Ambiguous, 400},
		"a path in the host":                            {host("localhost/x"), routing.Ambiguous, 400},
		"two hosts":                                     {host("localhost, evil.example"), routing.Ambiguous, 400},
		"a space":                                       {host("localhost evil.example"), routing.Ambiguous, 400},
		"two ports":                                     {host("localhost:1:2"), routing.Ambiguous, 400},
		"a port that is none":                           {host("localhost:x"), routing.Ambiguous, 400},
		"a port that is too large":                      {host("localhost:65536"), routing.Ambiguous, 400},
		"an address without brackets":                   {host("::1"), routing.Ambiguous, 400},
		"an address without an end":                     {host("[::1"), routing.Ambiguous, 400},
		"a zone":                                        {host("[::1%25lo]"), routing.Ambiguous, 400},
		"text behind the address":                       {host("[::1]evil.example"), routing.Ambiguous, 400},
		"a name in brackets":                            {host("[localhost]"), routing.Ambiguous, 400},
		"an encoded host":                               {host("local%68ost"), routing.Ambiguous, 400},
		"letters that look like ours":                   {host("lоcalhost"), routing.Ambiguous, 400},
		"another expectation":                           {with(get("/"), "Expect", "200-ok"), routing.Expectation, 417},
		"a second expectation":                          {with(get("/"), "Expect", "100-continue", "Expect", "x"), routing.Expectation, 417},
		"no key":                                        {without("Sec-Websocket-Key"), routing.Upgrade, 400},
		"two keys":                                      {with(websocket(), "Sec-Websocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="), routing.Upgrade, 400},
		"a key that is none":                            {edited(func(r *routing.Request) { r.Header["Sec-Websocket-Key"] = []string{"x"} }), routing.Upgrade, 400},
		"a key that is no base64":                       {edited(func(r *routing.Request) { r.Header["Sec-Websocket-Key"] = []string{"dGhlIHNhbXBsZSBub25j!Q=="} }), routing.Upgrade, 400},
		"no version":                                    {without("Sec-Websocket-Version"), routing.Upgrade, 426},
		"an old version (upgrade smuggling)":            {edited(func(r *routing.Request) { r.Header["Sec-Websocket-Version"] = []string{"1337"} }), routing.Upgrade, 426},
		"two versions":                                  {with(websocket(), "Sec-Websocket-Version", "13"), routing.Upgrade, 426},
		"a handshake by POST":                           {edited(func(r *routing.Request) { r.Method = "POST" }), routing.Upgrade, 400},
		"a handshake of HTTP/1.0":                       {edited(func(r *routing.Request) { r.Minor = 0 }), routing.Upgrade, 400},
		"a handshake with a body":                       {edited(func(r *routing.Request) { r.HasBody = true }), routing.Upgrade, 400},
		"asterisk form":                                 {get("*"), routing.Ambiguous, 400},
		"authority form":                                {get("localhost:80"), routing.Ambiguous, 400},
		"no target":                                     {get(""), routing.Ambiguous, 400},
		"absolute form of https":                        {get("https://localhost:8480/"), routing.Ambiguous, 400},
		"absolute form of ftp":                          {get("ftp://localhost:8480/"), routing.Ambiguous, 400},
		"absolute form with a user":                     {get("http://user:password@localhost:8480/"), routing.Ambiguous, 400},
		"absolute form without a host":                  {get("http:///x"), routing.Ambiguous, 400},
		"absolute form for another host than it is for": {get("http://evil.example/x"), routing.Ambiguous, 400},
		"absolute form with a fragment for a host":      {get("http://localhost:8480#/x"), routing.Ambiguous, 400},
		"absolute form in HTTP/2":                       {edited(func(r *routing.Request) { *r = *get("http://localhost:8480/x"); r.Major, r.Minor = 2, 0 }), routing.Ambiguous, 400},
		"two lengths (of HTTP/2)":                       {with(get("/"), "Content-Length", "5", "Content-Length", "6"), routing.Ambiguous, 400},
		"three lengths (of HTTP/2)":                     {with(get("/"), "Content-Length", "5", "Content-Length", "5", "Content-Length", "6"), routing.Ambiguous, 400},
		"a list of lengths (of HTTP/2)":                 {with(get("/"), "Content-Length", "5, 5"), routing.Ambiguous, 400},
		"a length with a sign (of HTTP/2)":              {with(get("/"), "Content-Length", "+5"), routing.Ambiguous, 400},
		"a length without digits (of HTTP/2)":           {with(get("/"), "Content-Length", ""), routing.Ambiguous, 400},
	} {
		t.Run(name, func(t *testing.T) {
			_, refusal := everything(t).Decide(c.request)
			requireRefused(t, refusal, c.reason, c.status)
		})
	}
}

// What is asked of Connection is a list of headers that every proxy removes: none may be among them that decides about
// the request (RFC 9110 section 7.6.1).
func TestX2_ConnectionNamesNoHeaderThatMatters(t *testing.T) {
	matter := []string{
		"Authorization", "Proxy-Authorization", "Host", "Content-Length", "Transfer-Encoding", "Content-Type", "Content-Encoding", "Content-Range", "Range",
		"Expect", "Date", "Cache-Control", "Cookie", "DPoP", "Alf-Caller-Secret", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol",
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Real-IP",
	}
	for _, name := range matter {
		for _, value := range []string{name, strings.ToLower(name), strings.ToUpper(name), "close, " + name, "close,\t" + name + " ,keep-alive", ", ," + name} {
			_, refusal := everything(t).Decide(with(get("/"), "Connection", value))
			requireRefused(t, refusal, routing.Ambiguous, 400)
		}
		_, refusal := everything(t).Decide(with(get("/"), "Connection", "close", "Connection", name))
		requireRefused(t, refusal, routing.Ambiguous, 400)
	}
	for _, value := range []string{"", "close", "keep-alive", "Keep-Alive", "Upgrade, HTTP2-Settings", "TE, close", "X-Custom", ",,", "authorization-x", "xhost"} {
		_, refusal := everything(t).Decide(with(get("/"), "Connection", value))
		require.Nil(t, refusal, value)
	}
}

func TestX2_WhatIsAdmitted(t *testing.T) {
	for name, r := range map[string]*routing.Request{
		"a websocket":                                websocket(),
		"a websocket by a list of options":           with(get("/"), "Connection", "keep-alive, Upgrade", "Upgrade", "WebSocket", "Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-Websocket-Version", "13"),
		"an upgrade that is not known":               with(get("/"), "Connection", "Upgrade, HTTP2-Settings", "Upgrade", "h2c", "Http2-Settings", "AAMAAABkAAQAAP__"),
		"two upgrades, of which none is a handshake": with(get("/"), "Connection", "Upgrade", "Upgrade", "websocket, h2c"),
		"an upgrade without its option":              with(get("/"), "Upgrade", "websocket"),
		"100-continue":                               with(get("/"), "Expect", "100-Continue"),
		"absolute form":                              get("http://localhost:8480/x?y"),
		"absolute form, in capitals":                 get("HTTP://localhost:8480"),
		"absolute form without a path":               get("http://localhost:8480?y=/../"),
		"a method that is not known":                 {Major: 2, Method: "PROPFIND", Target: "/", Host: "127.0.0.1", Header: nil},
		"one length":                                 with(get("/"), "Content-Length", "5"),
		"the same length twice":                      with(get("/"), "Content-Length", "5", "Content-Length", "5"),
		"fetch of Node":                              with(get("/"), "Accept-Language", "*", "Sec-Fetch-Mode", "cors", "User-Agent", "node"),
		"a header that begins almost as a browser's": with(get("/"), "Sec-Fetcher", "x", "Origin", "null"),
	} {
		_, refusal := everything(t).Decide(r)
		require.Nil(t, refusal, name)
	}
	require.True(t, websocket().Websocket())
	for _, other := range []*routing.Request{
		get("/"), with(get("/"), "Upgrade", "websocket"), with(get("/"), "Connection", "Upgrade"),
		with(get("/"), "Connection", "Upgrade", "Upgrade", "h2c"), with(get("/"), "Connection", "Upgrade", "Upgrade", "websocket, h2c"),
		with(get("/"), "Connection", "Upgrade", "Upgrade", "websocket", "Upgrade", "h2c"),
		{Major: 2, Method: "GET", Target: "/", Host: "localhost", Header: websocket().Header},
	} {
		require.False(t, other.Websocket())
	}
}

// RFC 9112 section 6.3: what follows a request whose end is uncertain on its connection may be a part of it.
func TestX2_NoRequestFollowsOneWhoseEndIsUncertain(t *testing.T) {
	for _, c := range []struct {
		request routing.Request
		last    bool
	}{
		{routing.Request{Major: 1, Minor: 1}, false},
		{routing.Request{Major: 1, Minor: 1, HasBody: true}, false},
		{routing.Request{Major: 1, Minor: 1, HasBody: true, Chunked: true}, true}, // and perhaps a length
		{routing.Request{Major: 1, Minor: 0}, true},                               // and perhaps chunks
		{routing.Request{Major: 2, HasBody: true}, false},
	} {
		require.Equal(t, c.last, c.request.IsLast(), c.request)
	}
}

// A browser would connect to loopback under any name: only names that are listed are served, whatever the port.
func TestX2_HostsThatAreServed(t *testing.T) {
	made, err := routing.NewTable([]string{"Orders.Local", "[2001:DB8:0:0::1]", "fd00::0:2", "10.0.0.5"},
		[]routing.Route{{Name: "any"}, {Name: "api", Host: "API.example.com"}, {Name: "six", Host: "[2001:db8::0:7]"}})
	require.NoError(t, err)
	for host, route := range map[string]int{
		"localhost": 0, "LOCALHOST": 0, "localhost:1": 0, "127.0.0.1:8480": 0, "[::1]": 0, "[::1]:443": 0, "[0:0:0:0:0:0:0:1]:9": 0,
		"orders.local": 0, "ORDERS.local:80": 0, "[2001:db8::1]": 0, "[fd00::2]:1": 0, "10.0.0.5:8480": 0,
		"api.example.com": 1, "Api.Example.Com:65535": 1, "[2001:db8::7]:80": 2,
	} {
		r := get("/")
		r.Host = host
		match, refusal := made.Decide(r)
		require.Nil(t, refusal, host)
		require.Equal(t, route, match.Route, host)
	}
	for _, host := range []string{"api.example.org", "local", "orders", "[2001:db8::2]", "2001:db8::1"} {
		r := get("/")
		r.Host = host
		_, refusal := made.Decide(r)
		require.NotNil(t, refusal, host)
	}
}
