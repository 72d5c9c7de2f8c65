// Package routing is the decisions of the proxy about one request: whether it is admitted, which route it takes, where
// that leads, and which of its headers go on (X2). Like package core, it has no goroutine, clock, I/O or secret: the
// head of a request goes in, a decision comes out.
//
// What is refused here is what two programs may understand differently: the proxy, which adds a token, and the server
// behind it, which acts on it. Whatever net/http has normalised already (lengths, chunks, line ends) is not looked at
// again.
//
// Where to look, in the order in which a request passes:
//
//	request.go     what is known of a request
//	admission.go   whether it is admitted at all
//	host.go        which hosts a listener serves
//	target.go      path and query of a request target
//	path.go        what of a path is refused, and how else it may be understood
//	route.go       which route a request takes, and where it leads
//	headers.go     which headers go on, by the route's policies
//	fields.go      what kinds of headers there are
package routing

import "fmt"

// Table is the routes and the hosts of one listener. Make one with [NewTable]. It never changes, so that it may be used
// concurrently.
type Table struct {
	hosts  map[string]bool // in lower case, without a port
	routes []Route
	order  []int // of routes, the most specific first
}

// Match is where an admitted request goes.
type Match struct {
	// Route is the index of the route in the list that the table was made from.
	Route int
	// Path is the path at the upstream, percent-encoded as the request had it; what has to be encoded is.
	Path string
	// Query is the query, as the request had it, without bytes that are not ASCII.
	Query string
}

// Refusal is why a request is not admitted. It is a response in itself.
type Refusal struct {
	// Reason is one word for metrics and the access log.
	Reason Reason
	// Status is that of the response.
	Status int
	// Detail says what is wrong, and what to do about it. It quotes nothing of the request.
	Detail string
	// Allow lists the methods of a 405.
	Allow []string
}

// Reason is the kind of a refusal.
type Reason string

// The reasons there are.
const (
	Ambiguous     Reason = "ambiguous"     // two programs may understand it differently
	Browser       Reason = "browser"       // a web page has sent it
	UnlistedHost  Reason = "host"          // its Host is not served here
	Authorization Reason = "authorization" // it brings an Authorization of its own
	Method        Reason = "method"        // its method is not served here
	NoRoute       Reason = "no-route"      // no route leads anywhere
	Expectation   Reason = "expectation"   // its Expect cannot be met
	Upgrade       Reason = "upgrade"       // it asks for another protocol in a way that is none
)

// Error says what the refusal is about.
func (r *Refusal) Error() string { return fmt.Sprintf("%d (%s): %s", r.Status, r.Reason, r.Detail) }

// Decide says where a request goes, or why it goes nowhere.
func (t *Table) Decide(r *Request) (Match, *Refusal) {
	host, ok := HostName(r.Host)
	if !ok {
		return Match{}, ambiguous("Host is missing or malformed")
	}
	if refusal := t.admit(r, host); refusal != nil {
		return Match{}, refusal
	}
	return t.route(r, host)
}
