package ambiguous

import "strings"

// requestLines is about the first line of a request: method, version and the spaces between.
func requestLines() []Request {
	const line, version, method = "RFC 9112 3", "RFC 9112 2.3", "RFC 9110 9.1"
	first := func(line string) string { return head(line, "Host: "+Host) }
	return []Request{
		{"empty line before the request", "RFC 9112 2.2", "\r\n" + get(), false},
		{"bare LF before the request", "RFC 9112 2.2", "\n" + get(), false},
		{"space before the request", line, " " + get(), false},
		{"two spaces before the version", line, first("GET /api/a  HTTP/1.1"), false},
		{"space behind the version", line, first("GET /api/a HTTP/1.1 "), false},
		{"tabs in the request line", line, first("GET\t/api/a\tHTTP/1.1"), false},
		{"space in the target", line, first("GET /api/a b HTTP/1.1"), false},
		{"request line without a version", line, first("GET /api/a"), true},
		{"HTTP/0.9", line, "GET /api/a\r\n", true},
		{"version HTTP/1.0, keep-alive", "RFC 9112 9.3", head("GET /api/a HTTP/1.0", "Host: "+Host, "Connection: keep-alive"), false},
		{"version HTTP/1.2", version, first("GET /api/a HTTP/1.2"), false},
		{"version HTTP/2.0", version, first("GET /api/a HTTP/2.0"), false},
		{"version http/1.1", version, first("GET /api/a http/1.1"), false},
		{"version HTTP/1.01", version, first("GET /api/a HTTP/1.01"), false},
		{"version HTTP/11", version, first("GET /api/a HTTP/11"), false},
		{"method get", method, first("get /api/a HTTP/1.1"), false},
		{"method BREW", method, first("BREW /api/a HTTP/1.1"), false},
		{"method G{T", method, first("G{T /api/a HTTP/1.1"), false},
		{"no method", method, first("/api/a HTTP/1.1"), false},
		{"TRACE", "RFC 9110 9.3.8", first("TRACE /api/a HTTP/1.1"), false},
		{"TRACE, Max-Forwards: 0", "RFC 9110 7.6.2", head("TRACE /api/a HTTP/1.1", "Host: "+Host, "Max-Forwards: 0"), false},
		{"OPTIONS, Max-Forwards: 0", "RFC 9110 7.6.2", head("OPTIONS /api/a HTTP/1.1", "Host: "+Host, "Max-Forwards: 0"), false},
		{"CONNECT host:port", "RFC 9110 9.3.6", head("CONNECT other.test:443 HTTP/1.1", "Host: other.test:443"), false},
		{"CONNECT with a path", "RFC 9110 9.3.6", first("CONNECT /api/a HTTP/1.1"), false},
	}
}

// hosts is about the Host header field.
func hosts() []Request {
	const section = "RFC 9112 3.2"
	with := func(values ...string) string {
		lines := []string{"GET /api/a HTTP/1.1"}
		for _, value := range values {
			lines = append(lines, "Host: "+value)
		}
		return head(lines...)
	}
	return []Request{
		{"no Host", section, with(), false},
		{"no Host in HTTP/1.0", section, head("GET /api/a HTTP/1.0"), false},
		{"Host twice, equal", section, with(Host, Host), false},
		{"Host twice, different", section, with(Host, "other.test"), false},
		{"Host twice, different, the other way round", section, with("other.test", Host), false},
		{"Host empty", section, with(""), false},
		{"Host of another", section, with("other.test"), false},
		{"Host with user information", section, with("other.test@" + Host), false},
		{"Host with a port that is none", section, with(Host + ":80x"), false},
		{"Host with a port above 65535", section, with(Host + ":65616"), false},
		{"Host with an empty port", section, with(Host + ":"), false},
		{"Host with a path", section, with(Host + "/api/b"), false},
		{"Host with a list", section, with(Host + ", other.test"), false},
		{"Host with a space", section, with(Host + " other.test"), false},
		{"Host with a final dot", section, with(Host + "."), false},
		{"Host in capitals", section, with(strings.ToUpper(Host)), false},
		{"Host with an encoded letter", section, with("%70roxy.test"), false},
		{"Host that is no ASCII", section, with("pröxy.test"), false},
		{"Host with a bracket", section, with("[::1"), false},
	}
}
