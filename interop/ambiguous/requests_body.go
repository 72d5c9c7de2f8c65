package ambiguous

import "strings"

const (
	// chunked is the body hello.
	chunked = "5\r\nhello\r\n0\r\n\r\n"
	// twoReadings ends after its first line by chunks, and contains a request by that.
	twoReadings = "0\r\n\r\nGET /api/" + hidden + " HTTP/1.1\r\nHost: " + Host + "\r\n\r\n"
)

// framing is about what says how long a body is.
func framing() []Request {
	const length, coding = "RFC 9112 6.2", "RFC 9112 6.1"
	return []Request{
		{"Content-Length twice, equal", length, post("hello", "Content-Length: 5", "Content-Length: 5"), false},
		{"Content-Length twice, different", length, post("hello", "Content-Length: 5", "Content-Length: 6"), false},
		{"Content-Length: 5, 5", length, post("hello", "Content-Length: 5, 5"), false},
		{"Content-Length: 5, 6", length, post("hello", "Content-Length: 5, 6"), false},
		{"Content-Length: +5", length, post("hello", "Content-Length: +5"), false},
		{"Content-Length: -5", length, post("hello", "Content-Length: -5"), false},
		{"Content-Length: 0x5", length, post("hello", "Content-Length: 0x5"), false},
		{"Content-Length: 5 5", length, post("hello", "Content-Length: 5 5"), false},
		{"Content-Length: 005", length, post("hello", "Content-Length: 005"), false},
		{"Content-Length without a value", length, post("", "Content-Length:"), false},
		{"Content-Length of 20 digits", length, post("hello", "Content-Length: 99999999999999999999"), false},
		{"Content-Length and chunked", "RFC 9112 6.3", post("0\r\n\r\n", "Content-Length: 5", "Transfer-Encoding: chunked"), false},
		{"Content-Length and chunked, which disagree", "RFC 9112 6.3",
			post(twoReadings, "Content-Length: "+size(twoReadings), "Transfer-Encoding: chunked"), false},
		{"chunked and Content-Length, which disagree", "RFC 9112 6.3",
			post(twoReadings, "Transfer-Encoding: chunked", "Content-Length: "+size(twoReadings)), false},
		{"Transfer-Encoding: CHUNKED", coding, post(chunked, "Transfer-Encoding: CHUNKED"), false},
		{"Transfer-Encoding: xchunked", coding, post(chunked, "Transfer-Encoding: xchunked"), false},
		{"Transfer-Encoding: identity", coding, post("hello", "Transfer-Encoding: identity", "Content-Length: 5"), false},
		{"Transfer-Encoding: chunked, identity", coding, post(chunked, "Transfer-Encoding: chunked, identity"), false},
		{"Transfer-Encoding: gzip, chunked", coding, post(chunked, "Transfer-Encoding: gzip, chunked"), false},
		{"Transfer-Encoding: chunked, chunked", coding, post(chunked, "Transfer-Encoding: chunked, chunked"), false},
		{"Transfer-Encoding: chunked twice", coding, post(chunked, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), false},
		{"Transfer-Encoding: chunked, and identity", coding,
			post(chunked, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), false},
		{"Transfer-Encoding: chunked;q=1", coding, post(chunked, "Transfer-Encoding: chunked;q=1"), false},
		{"Transfer-Encoding: \"chunked\"", coding, post(chunked, `Transfer-Encoding: "chunked"`), false},
		{"Transfer-Encoding: , chunked", coding, post(chunked, "Transfer-Encoding: , chunked"), false},
		{"Transfer-Encoding without a value", coding, post("hello", "Transfer-Encoding:", "Content-Length: 5"), false},
		{"tab before chunked", coding, post(chunked, "Transfer-Encoding:\tchunked"), false},
		{"vertical tab before chunked", coding, post(chunked, "Transfer-Encoding:\x0bchunked"), false},
	}
}

// chunks is about a chunked body itself.
func chunks() []Request {
	const section, extension, trailer = "RFC 9112 7.1", "RFC 9112 7.1.1", "RFC 9110 6.5.1"
	chunks := func(body string, fields ...string) string {
		return post(body, append([]string{"Transfer-Encoding: chunked"}, fields...)...)
	}
	return []Request{
		{"chunk extension", extension, chunks("5;name=value\r\nhello\r\n0\r\n\r\n"), false},
		{"chunk extension of 4,000 bytes", extension, chunks("5;name=" + strings.Repeat("v", 4000) + "\r\nhello\r\n0\r\n\r\n"), false},
		{"chunk extension without a name", extension, chunks("5;\r\nhello\r\n0\r\n\r\n"), false},
		{"chunk size 0x5", section, chunks("0x5\r\nhello\r\n0\r\n\r\n"), false},
		{"chunk size +5", section, chunks("+5\r\nhello\r\n0\r\n\r\n"), false},
		{"chunk size -5", section, chunks("-5\r\nhello\r\n0\r\n\r\n"), false},
		{"chunk size 0005", section, chunks("0005\r\nhello\r\n0\r\n\r\n"), false},
		{"chunk size with a space behind", section, chunks("5 \r\nhello\r\n0\r\n\r\n"), false},
		{"chunk size of 17 digits", section, chunks("10000000000000005\r\nhello\r\n0\r\n\r\n"), false},
		{"chunk size missing", section, chunks("\r\nhello\r\n0\r\n\r\n"), false},
		{"chunk longer than its size", section, chunks("4\r\nhello\r\n0\r\n\r\n"), false},
		{"chunks without a last one", section, chunks("5\r\nhello\r\n"), false},
		{"chunks with bare LF", section, chunks("5\nhello\n0\n\n"), false},
		{"trailer Authorization", trailer, chunks("5\r\nhello\r\n0\r\nAuthorization: Bearer callers\r\n\r\n"), false},
		{"trailer Authorization, announced", trailer,
			chunks("5\r\nhello\r\n0\r\nAuthorization: Bearer callers\r\n\r\n", "Trailer: Authorization"), false},
		{"trailer Host, announced", trailer, chunks("5\r\nhello\r\n0\r\nHost: other.test\r\n\r\n", "Trailer: Host"), false},
		{"trailer Content-Length, announced", trailer,
			chunks("5\r\nhello\r\n0\r\nContent-Length: 7\r\n\r\n", "Trailer: Content-Length"), false},
		{"trailer X-Sum, announced", trailer, chunks("5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", "Trailer: X-Sum"), false},
		{"trailer without a colon", trailer, chunks("5\r\nhello\r\n0\r\nX-Sum\r\n\r\n"), false},
		{"trailer with obs-fold", "RFC 9112 5.2", chunks("5\r\nhello\r\n0\r\nX-Sum: 1\r\n 2\r\n\r\n"), false},
		{"TE: trailers", "RFC 9110 10.1.4", get("TE: trailers", "Connection: TE"), false},
		{"TE: gzip", "RFC 9110 10.1.4", get("TE: gzip", "Connection: TE"), false},
	}
}

// bodies is about bodies where none is expected, and the other way round.
func bodies() []Request {
	const content, method, expect = "RFC 9110 6.4", "RFC 9110 9.3", "RFC 9110 10.1.1"
	return []Request{
		{"GET with a body", method, get("Content-Length: 5") + "hello", false},
		{"GET with a chunked body", method, get("Transfer-Encoding: chunked") + chunked, false},
		{"HEAD with a body", method, head("HEAD /api/a HTTP/1.1", "Host: "+Host, "Content-Length: 5") + "hello", false},
		{"DELETE with a body", method, head("DELETE /api/a HTTP/1.1", "Host: "+Host, "Content-Length: 5") + "hello", false},
		{"POST without a length", content, post(""), false},
		{"body shorter than its length", "RFC 9112 8", post("hel", "Content-Length: 5"), true},
		{"body longer than its length", "RFC 9112 2.2", post("hello?", "Content-Length: 5"), false},
		{"Expect: 100-continue", expect, post("hello", "Content-Length: 5", "Expect: 100-continue"), false},
		{"Expect: 100-continue twice", expect, post("hello", "Content-Length: 5", "Expect: 100-continue", "Expect: 100-continue"), false},
		{"Expect: 100-continue without a body", expect, get("Expect: 100-continue"), false},
		{"Expect: 200-ok", expect, post("hello", "Content-Length: 5", "Expect: 200-ok"), false},
		{"Expect: 100-continue in HTTP/1.0", expect,
			head("POST /api/a HTTP/1.0", "Host: "+Host, "Content-Length: 5", "Expect: 100-continue") + "hello", false},
	}
}
