package ambiguous

import (
	"strings"

	"golang.org/x/net/http2/hpack"
)

// A Request2 is an odd one over HTTP/2: the fields of its head in their order, pseudo-header fields among them.
type Request2 struct {
	Name    string
	Section string // of RFC 9113, where no other is named
	Fields  []hpack.HeaderField
	// Data is sent in one frame; without it, the head ends the stream.
	Data string
	// Trailers end the stream, where there are any.
	Trailers []hpack.HeaderField
}

// fieldsOf makes header fields of lines; a pseudo-header field's name begins with a colon.
func fieldsOf(lines ...string) []hpack.HeaderField {
	var fields []hpack.HeaderField
	for _, line := range lines {
		end := 1 + strings.IndexByte(line[1:], ':')
		fields = append(fields, hpack.HeaderField{Name: line[:end], Value: strings.TrimPrefix(line[end+1:], " ")})
	}
	return fields
}

// head2 is a head for a method and a path, with further fields.
func head2(method, path string, lines ...string) []hpack.HeaderField {
	first := []string{":method: " + method, ":scheme: http", ":authority: " + Host, ":path: " + path}
	return fieldsOf(append(first, lines...)...)
}

// Requests2 are all that are sent over HTTP/2.
func Requests2() []Request2 {
	const pseudo, names, connection = "8.3", "8.2.1", "8.2.2"
	get := func(lines ...string) []hpack.HeaderField { return head2("GET", "/api/a", lines...) }
	post := func(lines ...string) []hpack.HeaderField { return head2("POST", "/api/a", lines...) }
	without := func(name string, lines ...string) (rest []hpack.HeaderField) {
		for _, field := range get(lines...) {
			if field.Name != name {
				rest = append(rest, field)
			}
		}
		return rest
	}
	with := func(name, value string) (changed []hpack.HeaderField) {
		for _, field := range get() {
			if field.Name == name {
				field.Value = value
			}
			changed = append(changed, field)
		}
		return changed
	}
	return []Request2{
		{Name: "an ordinary request", Section: pseudo, Fields: get()},
		{Name: "pseudo-header field behind others", Section: pseudo,
			Fields: fieldsOf(":method: GET", ":scheme: http", ":authority: "+Host, "x-a: 1", ":path: /api/a")},
		{Name: "pseudo-header field :x", Section: pseudo, Fields: get(":x: 1")},
		{Name: ":status", Section: pseudo, Fields: get(":status: 200")},
		{Name: ":path twice", Section: "8.3.1", Fields: fieldsOf(":method: GET", ":scheme: http", ":authority: "+Host, ":path: /api/a", ":path: /b")},
		{Name: "no :path", Section: "8.3.1", Fields: without(":path")},
		{Name: "no :method", Section: "8.3.1", Fields: without(":method")},
		{Name: "no :scheme", Section: "8.3.1", Fields: without(":scheme")},
		{Name: "no :authority, host", Section: "8.3.1", Fields: without(":authority", "host: "+Host)},
		{Name: "no :authority, no host", Section: "8.3.1", Fields: without(":authority")},
		{Name: ":authority and host, which disagree", Section: "8.3.1", Fields: get("host: other.test")},
		{Name: ":authority of another", Section: "8.3.1", Fields: with(":authority", "other.test")},
		{Name: ":authority with user information", Section: "8.3.1", Fields: with(":authority", "user@"+Host)},
		{Name: ":path without a slash", Section: "8.3.1", Fields: with(":path", "api/a")},
		{Name: ":path empty", Section: "8.3.1", Fields: with(":path", "")},
		{Name: ":path *", Section: "8.3.1", Fields: with(":path", "*")},
		{Name: ":path in absolute form", Section: "8.3.1", Fields: with(":path", "http://"+Host+"/api/a")},
		{Name: ":path with dot segments", Section: "8.3.1", Fields: with(":path", "/api/../b")},
		{Name: ":path with a fragment", Section: "8.3.1", Fields: with(":path", "/api/a#fragment")},
		{Name: ":path with a space", Section: "8.3.1", Fields: with(":path", "/api/a b")},
		{Name: ":path with a line end", Section: names, Fields: with(":path", "/api/a HTTP/1.1\r\nx-hidden: 1\r\nx-a: 1")},
		{Name: ":method with a space", Section: "8.3.1", Fields: with(":method", "GET /b")},
		{Name: ":method CONNECT with a path", Section: "8.5", Fields: with(":method", "CONNECT")},
		{Name: ":protocol websocket", Section: "RFC 8441 4",
			Fields: fieldsOf(":method: CONNECT", ":protocol: websocket", ":scheme: http", ":authority: "+Host, ":path: /api/a",
				"sec-websocket-version: 13")},
		{Name: ":scheme with a path", Section: "8.3.1", Fields: with(":scheme", "http://other.test/b?")},
		{Name: "name in capitals", Section: names, Fields: get("X-A: 1")},
		{Name: "name with a space", Section: names, Fields: get("x a: 1")},
		{Name: "name with a colon", Section: names, Fields: append(get(), hpack.HeaderField{Name: "x-hidden: 1", Value: "2"})},
		{Name: "value with a line end", Section: names, Fields: append(get(), hpack.HeaderField{Name: "x-a", Value: "1\r\nx-hidden: 2"})},
		{Name: "value with NUL", Section: names, Fields: append(get(), hpack.HeaderField{Name: "x-a", Value: "1\x002"})},
		{Name: "value with a space before it", Section: names, Fields: append(get(), hpack.HeaderField{Name: "x-a", Value: " 1"})},
		{Name: "connection: keep-alive", Section: connection, Fields: get("connection: keep-alive")},
		{Name: "connection: authorization", Section: connection, Fields: get("connection: authorization")},
		{Name: "proxy-connection: keep-alive", Section: connection, Fields: get("proxy-connection: keep-alive")},
		{Name: "transfer-encoding: chunked", Section: connection, Fields: post("transfer-encoding: chunked"), Data: "5\r\nhello\r\n0\r\n\r\n"},
		{Name: "upgrade: websocket", Section: connection, Fields: get("upgrade: websocket")},
		{Name: "te: trailers", Section: connection, Fields: get("te: trailers")},
		{Name: "te: gzip", Section: connection, Fields: get("te: gzip")},
		{Name: "content-length above the data", Section: "8.1.1", Fields: post("content-length: 6"), Data: "hello"},
		{Name: "content-length below the data", Section: "8.1.1", Fields: post("content-length: 4"), Data: "hello"},
		{Name: "content-length twice, different", Section: "8.1.1", Fields: post("content-length: 5", "content-length: 6"), Data: "hello"},
		{Name: "content-length twice, equal", Section: "8.1.1", Fields: post("content-length: 5", "content-length: 5"), Data: "hello"},
		{Name: "authorization", Section: "RFC 9110 11.6.2", Fields: get("authorization: Bearer callers")},
		{Name: "cookie twice", Section: "8.2.3", Fields: get("cookie: a=1", "cookie: b=2")},
		{Name: "trailer authorization", Section: "8.1", Fields: post(), Data: "hello", Trailers: fieldsOf("authorization: Bearer callers")},
		{Name: "trailer :path", Section: "8.1", Fields: post(), Data: "hello", Trailers: fieldsOf(":path: /b")},
		{Name: "200 fields", Section: "10.5.1", Fields: get(strings.Fields(strings.Repeat("x-a:1 ", 200))...)},
	}
}
