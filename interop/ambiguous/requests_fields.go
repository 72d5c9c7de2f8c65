package ambiguous

import (
	"strconv"
	"strings"
)

// fields is about the lines of a head and the characters in them.
func fields() []Request {
	const ends, section, value = "RFC 9112 2.2", "RFC 9112 5.1", "RFC 9110 5.5"
	return []Request{
		{"bare LF at every line's end", ends, strings.ReplaceAll(get(), "\r\n", "\n"), false},
		{"bare LF at one line's end", ends, strings.Replace(get("X-A: 1", "X-B: 2"), "X-A: 1\r\n", "X-A: 1\n", 1), false},
		{"bare CR at one line's end", ends, strings.Replace(get("X-A: 1", "X-B: 2"), "X-A: 1\r\n", "X-A: 1\r", 1), false},
		{"bare CR in a value", ends, get("X-A: 1\r2"), false},
		{"CR CR LF at one line's end", ends, strings.Replace(get("X-A: 1", "X-B: 2"), "X-A: 1\r\n", "X-A: 1\r\r\n", 1), false},
		{"obs-fold", "RFC 9112 5.2", get("X-A: 1", " 2"), false},
		{"obs-fold before Transfer-Encoding's value", "RFC 9112 5.2", post(chunked, "Transfer-Encoding:", " chunked"), false},
		{"obs-fold that looks like Content-Length", "RFC 9112 5.2", get("X-A: 1", "\tContent-Length: 5"), false},
		{"first field begins with a space", ends, head("GET /api/a HTTP/1.1", " X-A: 1", "Host: "+Host), false},
		{"space before the colon", section, get("X-A : 1"), false},
		{"space before the colon of Content-Length", section, post("hello", "Content-Length : 5"), false},
		{"space before the colon of Transfer-Encoding", section, post(chunked, "Transfer-Encoding : chunked"), false},
		{"no colon", section, get("X-A"), false},
		{"no name", section, get(": 1"), false},
		{"name with a space", section, get("X A: 1"), false},
		{"name with a bracket", section, get("X[A]: 1"), false},
		{"name with a slash", section, get("X/A: 1"), false},
		{"name with NUL", section, get("X-\x00A: 1"), false},
		{"name that is no ASCII", section, get("X-Ä: 1"), false},
		{"value with a control character", value, get("X-A: 1\x012"), false},
		{"value with DEL", value, get("X-A: 1\x7f2"), false},
		{"value with UTF-8", value, get("X-A: ä"), false},
		{"value with a byte that is no UTF-8", value, get("X-A: \xff"), false},
		{"empty value", value, get("X-A:"), false},
		{"Content_Length", section, get("Content_Length: 5"), false},
		{"Transfer_Encoding", section, get("Transfer_Encoding: chunked"), false},
		{"X_Forwarded_For", section, get("X_Forwarded_For: forged.test"), false},
	}
}

// connections is about what concerns one connection only.
func connections() []Request {
	const section, upgrade = "RFC 9110 7.6.1", "RFC 9110 7.8"
	return []Request{
		{"Connection: authorization", section, get("Connection: authorization"), false},
		{"Connection: keep-alive, Authorization", section, get("Connection: keep-alive, Authorization"), false},
		{"Connection: close, host", section, get("Connection: close, host"), true},
		{"Connection: content-length", section, post("hello", "Content-Length: 5", "Connection: content-length"), false},
		{"Connection: transfer-encoding", section, post(chunked, "Transfer-Encoding: chunked", "Connection: transfer-encoding"), false},
		{"Connection: x-a", section, get("Connection: x-a", "X-A: 1"), false},
		{"Connection: x-forwarded-for", section, get("Connection: x-forwarded-for"), false},
		{"Connection twice, close first", section, get("Connection: close", "Connection: x-a", "X-A: 1"), true},
		{"Connection: upgrade without Upgrade", upgrade, get("Connection: upgrade"), false},
		{"Keep-Alive", section, get("Keep-Alive: timeout=1000, max=1000"), false},
		{"Proxy-Connection", section, get("Proxy-Connection: keep-alive, authorization"), false},
		{"Proxy-Authorization", "RFC 9110 11.7.1", get("Proxy-Authorization: Basic Y2FsbGVyczpwYXNzd29yZA=="), false},
		{"Upgrade: websocket without a key", upgrade, get("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"), true},
		{"Upgrade: websocket without Connection", upgrade,
			get("Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), false},
		{"Upgrade: websocket in a POST with a body", upgrade,
			post("hello", "Content-Length: 5", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
				"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), true},
		{"Upgrade: websocket, which is declined", upgrade,
			get("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
				"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), true},
		{"Upgrade: h2c", "RFC 9113 3.1", get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), true},
		{"Upgrade: h2c, settings not in Connection", "RFC 9113 3.1",
			get("Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), true},
		{"Upgrade: TLS/1.0", "RFC 2817 3.2", get("Connection: Upgrade", "Upgrade: TLS/1.0"), true},
		{"Upgrade: websocket, h2c", upgrade, get("Connection: Upgrade, HTTP2-Settings", "Upgrade: websocket, h2c", "HTTP2-Settings: AAMAAABk",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), true},
		{"preface of HTTP/2", "RFC 9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true},
	}
}

// callers is about what a caller claims to be, or to have passed.
func callers() []Request {
	return []Request{
		{"Authorization", "RFC 9110 11.6.2", get("Authorization: Bearer callers"), false},
		{"Authorization twice", "RFC 9110 11.6.2", get("Authorization: Bearer callers", "Authorization: Basic Y2FsbGVyczo="), false},
		{"Authorization: empty", "RFC 9110 11.6.2", get("Authorization:"), false},
		{"Cookie twice", "RFC 6265 5.4", get("Cookie: a=1", "Cookie: b=2"), false},
		{"X-Forwarded-For, -Host and -Proto", "RFC 7239 1",
			get("X-Forwarded-For: forged.test", "X-Forwarded-Host: forged.test", "X-Forwarded-Proto: forged"), false},
		{"Forwarded", "RFC 7239 4", get("Forwarded: for=forged.test;host=forged.test;proto=https"), false},
		{"X-Real-IP", "RFC 7239 1", get("X-Real-IP: forged.test"), false},
		{"Via itself", "RFC 9110 7.6.3", get("Via: 1.1 alf, 1.1 nginx, 1.1 haproxy"), false},
		{"X-HTTP-Method-Override", "RFC 9110 9.1", post("", "Content-Length: 0", "X-HTTP-Method-Override: DELETE"), false},
		{"X-Original-URL", "RFC 9112 3.2", get("X-Original-URL: /b", "X-Rewrite-URL: /b"), false},
		{"Sec-Fetch-Site: cross-site, as browsers send", "Fetch Metadata 2.2", get("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"), false},
		{"Range, many", "RFC 9110 14.2", get("Range: bytes=" + strings.Repeat("0-,", 100) + "0-"), false},
	}
}

// sizes is about heads that are larger than what a program sends.
func sizes() []Request {
	const section = "RFC 9110 5.4"
	many := make([]string, 200)
	for i := range many {
		many[i] = "X-" + strconv.Itoa(i) + ": 1"
	}
	return []Request{
		{"target of 40,000 bytes", "RFC 9112 3", to("/api/" + strings.Repeat("a", 40_000)), false},
		{"value of 40,000 bytes", section, get("X-A: " + strings.Repeat("a", 40_000)), false},
		{"name of 40,000 bytes", section, get("X-" + strings.Repeat("a", 40_000) + ": 1"), false},
		{"200 header fields", section, get(many...), false},
		{"method of 5,000 bytes", "RFC 9110 9.1", head(strings.Repeat("A", 5000)+" /api/a HTTP/1.1", "Host: "+Host), false},
	}
}
