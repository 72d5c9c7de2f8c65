package routing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Route says which requests go to an upstream, and what of their headers goes along.
type Route struct {
	// Name is for people: metrics, the access log, messages.
	Name string
	// Host is the name or address in the Host header, in lower case and without a port. "": any that the listener
	// serves.
	Host string
	// Path is the beginning of the path, matched at the end of a segment: "/orders" and "/orders/" are the same, and
	// are not the beginning of "/ordersheets". "" and "/" are any path. It is compared decoded: "/%6frders" is the
	// same.
	Path string
	// Methods are those that are served. Empty: any, except CONNECT and TRACE.
	Methods []string
	// UpstreamPath takes the place of Path. "": the path stays as it is.
	UpstreamPath string
	// Headers says what goes on.
	Headers Headers
	// EncodedSlashes lets %2F pass, for servers that do not decode it.
	EncodedSlashes bool
}

// NewTable makes the table of one listener: the hosts it serves beside its own and those of the routes, and the routes.
// A path that no request can have is an error, and so are two routes of which neither is more specific, although they
// have a request in common.
func NewTable(hosts []string, routes []Route) (*Table, error) {
	t := &Table{hosts: make(map[string]bool), routes: slices.Clone(routes)}
	for _, list := range [][]string{ownHosts, hosts} {
		for _, host := range list {
			t.hosts[servedName(host)] = true
		}
	}
	for i := range t.routes {
		r := &t.routes[i]
		if err := r.prepare(); err != nil {
			return nil, fmt.Errorf("route %q: %w", r.Name, err)
		}
		if r.Host != "" {
			t.hosts[r.Host] = true
		}
		t.order = append(t.order, i)
		for j := range i {
			if other := &t.routes[j]; r.equals(other) {
				return nil, fmt.Errorf("routes %q and %q take the same requests: change the host, path or methods of one", other.Name, r.Name)
			}
		}
	}
	slices.SortStableFunc(t.order, func(a, b int) int { return t.routes[a].compare(&t.routes[b]) })
	return t, nil
}

// prepare gives host and path the form that those of requests are compared in.
func (r *Route) prepare() error {
	if r.Host != "" {
		r.Host = servedName(r.Host)
	}
	if r.Path != "" {
		p, err := readPrefix(r.Path)
		switch {
		case err != nil:
			return fmt.Errorf("path %w", err)
		case p.hasEncodedSlash, p.odd:
			return errors.New("path has an encoded slash, parameters or an empty segment, which servers do not agree about: end it before that")
		}
		r.Path = strings.TrimRight(p.form, "/")
	}
	if r.UpstreamPath != "" {
		p, err := readPrefix(r.UpstreamPath)
		if err != nil {
			return fmt.Errorf("the upstream's path %w", err)
		}
		r.UpstreamPath = p.sent
	}
	return nil
}

// readPrefix reads a path in a configuration, which has to be one that a request may have.
func readPrefix(prefix string) (path, error) {
	switch {
	case prefix[0] != '/':
		return path{}, errors.New("has to begin with a slash")
	case strings.Contains(prefix, "?"):
		return path{}, errors.New("has a query: remove it")
	}
	p, refusal := readPath(prefix)
	if refusal != nil {
		return path{}, errors.New("is one that no request can have: " + refusal.Detail)
	}
	return p, nil
}

// equals reports whether neither route is more specific, and both take some request.
func (r *Route) equals(other *Route) bool {
	if r.Host != other.Host || r.Path != other.Path || (len(r.Methods) == 0) != (len(other.Methods) == 0) {
		return false
	}
	return len(r.Methods) == 0 || slices.ContainsFunc(r.Methods, func(m string) bool { return slices.Contains(other.Methods, m) })
}

// compare orders routes from the most specific on: by host, length of the path, methods.
func (r *Route) compare(other *Route) int {
	return cmp.Or(
		-cmp.Compare(min(len(r.Host), 1), min(len(other.Host), 1)),
		-cmp.Compare(len(r.Path), len(other.Path)),
		-cmp.Compare(min(len(r.Methods), 1), min(len(other.Methods), 1)),
	)
}

// route finds the route of an admitted request. All servers agree on it, however they understand the path.
func (t *Table) route(r *Request, host string) (Match, *Refusal) {
	raw, query, refusal := splitTarget(r)
	if refusal != nil {
		return Match{}, refusal
	}
	p, refusal := readPath(raw)
	if refusal != nil {
		return Match{}, refusal
	}
	i := t.find(host, r.Method, p.form)
	if i < 0 {
		return Match{}, t.nowhere(host, p.form)
	}
	if p.odd {
		for _, other := range p.readings() {
			if t.find(host, r.Method, other) != i {
				return Match{}, ambiguous("the path has parameters or empty segments, and is that of another route for servers that ignore those")
			}
		}
	}
	route := &t.routes[i]
	if p.hasEncodedSlash && !route.EncodedSlashes {
		return Match{}, ambiguous("the path has an encoded slash, which some servers decode: set encoded_slashes to pass if this one does not")
	}
	if refusal := route.Headers.admit(r); refusal != nil {
		return Match{}, refusal
	}
	path := route.upstreamPath(p.sent)
	if isElsewhere(path) {
		return Match{}, ambiguous("the path begins with two slashes at the upstream, which is a host elsewhere")
	}
	return Match{Route: i, Path: path, Query: query}, nil
}

// find returns the index of the most specific route, -1 if there is none.
func (t *Table) find(host, method, form string) int {
	for _, i := range t.order {
		if r := &t.routes[i]; r.covers(host, form) && (len(r.Methods) == 0 || slices.Contains(r.Methods, method)) {
			return i
		}
	}
	return -1
}

// nowhere is the refusal of a request that no route takes: whether the method is to blame depends on whether there is
// one with another.
func (t *Table) nowhere(host, form string) *Refusal {
	var allowed []string
	for i := range t.routes {
		if r := &t.routes[i]; r.covers(host, form) {
			allowed = append(allowed, r.Methods...)
		}
	}
	if len(allowed) == 0 {
		return &Refusal{Reason: NoRoute, Status: 404, Detail: "no route has this host and path"}
	}
	slices.Sort(allowed)
	return &Refusal{Reason: Method, Status: 405, Detail: "no route has this path with this method", Allow: slices.Compact(allowed)}
}

// covers reports whether a route is for a host and a path. A prefix matches at the end of a segment.
func (r *Route) covers(host, form string) bool {
	return (r.Host == "" || r.Host == host) && strings.HasPrefix(form, r.Path) && (len(form) == len(r.Path) || form[len(r.Path)] == '/')
}

// upstreamPath puts the upstream's path in the place of the route's, which has as many segments in sent as in the form
// that the route was chosen by.
func (r *Route) upstreamPath(sent string) string {
	if r.UpstreamPath == "" {
		return sent
	}
	rest := sent
	for range strings.Count(r.Path, "/") {
		if i := strings.IndexByte(rest[1:], '/'); i >= 0 {
			rest = rest[1+i:]
			continue
		}
		return r.UpstreamPath
	}
	return strings.TrimRight(r.UpstreamPath, "/") + rest
}
