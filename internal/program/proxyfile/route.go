package proxyfile

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/wire"
)

func checkName(name string) string {
	switch {
	case name == "":
		return "is empty: remove it, or write a name"
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) || len(name) > 100:
		return "is no name: write up to 100 letters, digits and the like"
	}
	return ""
}

// checkPath wants a path that every request can be compared with: as it is sent, and without what is refused in
// requests.
func checkPath(path string) string {
	switch {
	case path == "":
		return "is empty: write / for any path"
	case strings.Contains(path, "://"):
		return "is a URL: write its path alone"
	case path[0] != '/':
		return "does not begin with a slash: add one"
	case strings.Contains(path, "//"):
		return "has two slashes in a row: remove one"
	case strings.ContainsAny(path, "?#"):
		return "has a query or a fragment, by which no route is chosen: remove it"
	case strings.Contains(path, "*"):
		return "has a *, which has no meaning here: a path is the beginning of others anyway: remove it"
	case strings.Contains(path, `\`):
		return "has a backslash: use /"
	}
	return checkEscapes(path)
}

// checkEscapes is for the path of a route and that of an upstream.
func checkEscapes(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "has characters that have to be percent-encoded in a path: encode them"
	}
	decoded, err := url.PathUnescape(path)
	switch {
	case err != nil:
		return "has a % that encodes nothing: write %25"
	case strings.Count(decoded, "/") != strings.Count(path, "/"):
		return "has an encoded slash: write /"
	case strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return "has a control character or backslash: remove it"
	}
	for segment := range strings.SplitSeq(decoded, "/") {
		segment, _, _ = strings.Cut(segment, ";")
		if segment == "." || segment == ".." {
			return "has a dot segment, which requests must not have: write the path that is meant"
		}
	}
	return ""
}

func checkMethods(methods []string) string {
	if len(methods) == 0 {
		return "is empty, which no request matches: name the methods, or remove it for any"
	}
	for i, m := range methods {
		which := ""
		if len(methods) > 1 {
			which = fmt.Sprintf("number %d ", i+1)
		}
		switch {
		case !wire.ValidToken(m):
			return which + "is no method: write for example GET"
		case m == "CONNECT" || m == "TRACE":
			return which + "is never served: remove it"
		case m != strings.ToUpper(m):
			return which + "is in lower case, and methods are compared exactly: write it in capitals"
		case slices.Contains(methods[:i], m):
			return which + "occurs twice: remove one"
		}
	}
	return ""
}

// checkUpstream parses it. The problem never repeats it, because it may have credentials in it.
func (r *route) checkUpstream() string {
	u, err := url.Parse(r.Upstream)
	if err != nil {
		return "is no URL: write for example https://api.example.com/v2/"
	}
	switch scheme := strings.ToLower(u.Scheme); {
	case scheme == "ws" || scheme == "wss":
		return "has the scheme of websockets, which begin as requests: write http:// or https://"
	case scheme != "http" && scheme != "https":
		return "does not begin with http:// or https://: write for example https://api.example.com/v2/"
	case u.User != nil:
		return "has a user name or password in it: remove it: the client's credentials belong into its settings"
	case u.Hostname() == "":
		return "has no host: write for example https://api.example.com/v2/"
	case strings.HasSuffix(u.Host, ":"):
		return "has a colon, but no port: remove it or add the port"
	case u.RawQuery != "" || u.ForceQuery:
		return "has a query: remove it: that of each request goes on"
	case u.Fragment != "" || strings.HasSuffix(r.Upstream, "#"):
		return "has a fragment: remove it"
	case strings.Contains(u.Host, "*"):
		return "has a wildcard: name the host"
	case !wire.ASCIIHost(u):
		return "has a host with letters beyond ASCII: write it as it is registered, with xn--"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "has a port that is none: use a number from 1 to 65535"
		}
	}
	if _, ok := routing.HostName(u.Host); !ok {
		return "has no host that is valid: write for example https://api.example.com/v2/"
	}
	if strings.Contains(u.EscapedPath(), "//") {
		return "has two slashes in a row in its path: remove one"
	}
	if problem := checkEscapes(u.EscapedPath()); problem != "" {
		return problem
	}
	r.upstream = u
	return ""
}

// validate checks what depends on several members.
func (r *route) validate(p *problems) {
	if !r.has("upstream") {
		p.missing(&r.given, "upstream", "write the URL that requests are sent to")
	}
	u := r.upstream
	if u == nil || !r.good("http2", "allow_http") {
		return
	}
	https, safe := strings.EqualFold(u.Scheme, "https"), wire.PlainHTTPAllowed(u, nil)
	switch {
	case https && r.HTTP2:
		p.add(r.at("http2"), "is for http:// upstreams: remove it: with https:// the better version is negotiated")
	case !safe && !r.AllowHTTP && r.flags == nil:
		p.add(r.at("upstream"), "has http://, by which the token goes in plain text: write https://, or set allow_http if that is meant")
	case safe && r.AllowHTTP:
		p.add(r.at("allow_http"), "is of use only with an http:// upstream that is not on loopback: remove it")
	}
}

// title is what messages call the route.
func (r *route) title() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Host + r.Path
}

// decided is the route as package routing has it. It makes sense.
func (r *route) decided() routing.Route {
	d := routing.Route{Name: r.title(), Path: r.Path, Methods: r.Methods, EncodedSlashes: r.EncodedSlashes == "pass"}
	if r.Host != "" {
		d.Host, _ = routing.HostName(r.Host)
	}
	if r.upstream != nil {
		d.UpstreamPath = r.upstream.EscapedPath()
	}
	host := r.HostHeader
	if host == "upstream" {
		host = "replace"
	}
	d.Headers = routing.Headers{
		Authorization: policy(r.Authorization), Cookies: policy(r.Cookies), Host: policy(host), Forwarded: policy(r.Forwarded),
	}
	return d
}

// policy is that of a choice, which exists.
func policy(text string) (p routing.Policy) {
	if err := p.UnmarshalText([]byte(text)); err != nil {
		panic("bug: " + err.Error())
	}
	return p
}
