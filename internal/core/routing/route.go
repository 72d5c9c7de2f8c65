package routing

import (
	"cmp"
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
	// are not the beginning of "/ordersheets". "" and "/" are any path.
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
// Two routes of which neither is more specific, although they have a request in common, are an error.
func NewTable(hosts []string, routes []Route) (*Table, error) {
	t := &Table{hosts: make(map[string]bool), routes: slices.Clone(routes)}
	for _, list := range [][]string{ownHosts, hosts} {
		for _, host := range list {
			t.hosts[strings.ToLower(host)] = true
		}
	}
	for i := range t.routes {
		r := &t.routes[i]
		r.Host, r.Path = strings.ToLower(r.Host), strings.TrimRight(r.Path, "/")
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

// route finds the route of an admitted request. That its path is one that every server understands in the same way is
// checked before, unless the route allows encoded slashes, which are no slashes for the purpose of matching.
func (t *Table) route(r *Request) (Match, *Refusal) {
	path, query, refusal := splitTarget(r)
	if refusal != nil {
		return Match{}, refusal
	}
	if refusal := admitPath(path, true); refusal != nil {
		return Match{}, refusal
	}
	host, _ := HostName(r.Host)
	var allowed []string
	for _, i := range t.order {
		route := &t.routes[i]
		if route.Host != "" && route.Host != host || !hasPrefix(path, route.Path) {
			continue
		}
		if len(route.Methods) > 0 && !slices.Contains(route.Methods, r.Method) {
			allowed = append(allowed, route.Methods...)
			continue
		}
		if refusal := admitPath(path, route.EncodedSlashes); refusal != nil {
			return Match{}, refusal
		}
		if refusal := route.Headers.admit(r); refusal != nil {
			return Match{}, refusal
		}
		return Match{Route: i, Path: route.upstreamPath(path), Query: query}, nil
	}
	if len(allowed) > 0 {
		slices.Sort(allowed)
		return Match{}, &Refusal{Reason: Method, Status: 405, Detail: "no route has this path with this method", Allow: slices.Compact(allowed)}
	}
	return Match{}, &Refusal{Reason: NoRoute, Status: 404, Detail: "no route has this host and path"}
}

// hasPrefix matches at the end of a segment.
func hasPrefix(path, prefix string) bool {
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/')
}

// upstreamPath puts the upstream's path in the place of the route's.
func (r *Route) upstreamPath(path string) string {
	if r.UpstreamPath == "" {
		return path
	}
	rest := path[len(r.Path):]
	if rest == "" {
		return r.UpstreamPath
	}
	return strings.TrimRight(r.UpstreamPath, "/") + rest
}
