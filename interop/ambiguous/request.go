// Package ambiguous sends requests that two parsers may read differently to proxies that add a token, and records what
// reaches the server behind them. Its tables show alf proxy beside nginx and HAProxy. alf proxy must not be more
// lenient than both: what each of the two refuses or makes harmless, it may not forward.
//
// All three are configured alike: requests under /api/ go to one server, with an Authorization header of the proxy's;
// everything else is 404.
package ambiguous

import (
	"strconv"
	"strings"
)

const (
	// Host is the name of the proxy, in all requests except those that are about it.
	Host = "proxy.test"
	// Prefix is the path under which the proxies forward requests.
	Prefix = "/api/"
	// Token is the token that the proxies add.
	Token = "proxys-token"

	// next is the target of the request that follows each Request on its connection.
	next = Prefix + "next"
	// hidden is in the target of a request, or the name of a field, that only one of two readings finds.
	hidden = "hidden"
)

// following is sent behind each Request, in the same segment.
const following = "GET " + next + " HTTP/1.1\r\nHost: " + Host + "\r\nConnection: close\r\n\r\n"

// A Request is an odd one, as bytes.
type Request struct {
	// Name says what is odd, and is unique.
	Name string
	// Section is what the request is about: a section of RFC 9110 (semantics), 9112 (HTTP/1.1), 9113 (HTTP/2), 3986
	// (URI) or another.
	Section string
	// Bytes are sent as they are.
	Bytes string
	// Alone: nothing follows on the connection, because it would be read as a part of this request.
	Alone bool
}

// Requests are all that are sent over HTTP/1.
func Requests() []Request {
	var all []Request
	for _, group := range [][]Request{
		framing(), chunks(), bodies(), requestLines(), hosts(), targets(), fields(), connections(), callers(), sizes(),
	} {
		all = append(all, group...)
	}
	return all
}

// head joins the lines of a request's head as RFC 9112 wants it.
func head(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

// post is a request with a body: the header fields given, and what follows the head.
func post(body string, fields ...string) string {
	return head(append([]string{"POST /api/a HTTP/1.1", "Host: " + Host}, fields...)...) + body
}

// get is a request without a body, with the header fields given.
func get(fields ...string) string {
	return head(append([]string{"GET /api/a HTTP/1.1", "Host: " + Host}, fields...)...)
}

// to is a request without header fields except Host, for a target.
func to(target string) string { return head("GET "+target+" HTTP/1.1", "Host: "+Host) }

// size is the length of a body, as Content-Length has it.
func size(body string) string { return strconv.Itoa(len(body)) }
