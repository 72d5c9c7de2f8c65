package ambiguous

import (
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Danger is a set of what a proxy let through with a request. 0: no request reached the server.
type Danger uint32

// What each of them means is in dangers, in the same order.
const (
	Reached Danger = 1 << iota
	Split
	Framing
	Head
	NoHost
	OtherHost
	Escapes
	Target
	Version
	CallerToken
	NoToken
	HopByHop
	Upgraded
	Trailers
	Underscore
	Forged
	Kept
)

// dangers has the terms of the table, and what each of them is. Reached alone counts only where others refuse.
var dangers = []struct{ short, long string }{
	{"forwarded", "A request reached the server."},
	{"split", "Requests reached the server that only one of two readings finds, or more than were sent."},
	{"framing", "Two lengths, a length that is not a number, a length and chunks, or a coding other than chunked (RFC 9112 sections 6.1 to 6.3)."},
	{"head", "A bare CR, a control character, a folded line, a space before a colon, a name or method that is not a token (RFC 9112 sections 2 and 5)."},
	{"bad Host", "No Host field, several, or one that is no host with a port (RFC 9112 section 3.2)."},
	{"other host", "The Host field, or a target in absolute form, names neither the proxy nor the server."},
	{"escapes", "The path leaves " + Prefix + " for a server that decodes it, takes backslashes for slashes, cuts parameters off, and removes dot segments."},
	{"target", "A target in a form for proxies, without a slash at its start, or with characters that no URI has, a fragment, an encoded control character or percent signs that encode nothing (RFC 3986 section 2)."},
	{"version", "A version other than HTTP/1.0 and HTTP/1.1 (RFC 9112 section 2.3)."},
	{"caller's token", "An Authorization field that the proxy did not set."},
	{"no token", "No Authorization field of the proxy's."},
	{"hop-by-hop", "A field that concerns the caller's connection only (RFC 9110 section 7.6.1), or the caller's password for the proxy (section 11.7.1)."},
	{"upgrade", "An upgrade to another protocol than websocket, or without what RFC 6455 section 4.1 demands."},
	{"trailers", "Trailers that are headers by their names: Authorization, Host, Content-Length (RFC 9110 section 6.5.1)."},
	{"underscore", "A name that becomes that of another field where underscores are hyphens, as in CGI."},
	{"forged", "What the caller claims about proxies before this one."},
	{"kept open", "The connection served another request after one whose end is uncertain (RFC 9112 section 6.3)."},
}

// String is the list of them, as the table has it.
func (d Danger) String() string {
	var terms []string
	for i, danger := range dangers {
		if d&(1<<i) != 0 {
			terms = append(terms, danger.short)
		}
	}
	return strings.Join(terms, ", ")
}

// MoreLenient returns what one proxy lets through and none of the others does: 0 if it is at most as lenient as one of
// them. Whether a request that the others refuse is dangerous is not asked.
func MoreLenient(one Danger, others ...Danger) Danger {
	for _, other := range others {
		one &^= other
	}
	return one
}

// Assess returns what the requests that reached the server, which listens on an address, say about the proxy.
func Assess(requests []*Forwarded, server string) Danger {
	var found Danger
	sent := 0
	for _, f := range requests {
		found |= f.assess(server)
		if f.Target != next {
			sent++
		}
	}
	if sent == 0 {
		return 0 // only what followed reached it, which is an ordinary request
	}
	if sent > 1 {
		found |= Split
	}
	return found | Reached
}

func (f *Forwarded) assess(server string) Danger {
	var found Danger
	for _, check := range []struct {
		danger Danger
		is     bool
	}{
		{Split, f.hidden()},
		{Framing, f.framing()},
		{Head, f.head()},
		{NoHost, f.badHost()},
		{OtherHost, f.otherHost(server)},
		{Escapes, escapes(f.Target)},
		{Target, f.badTarget()},
		{Version, f.Version != "HTTP/1.1" && f.Version != "HTTP/1.0"},
		{CallerToken, slices.ContainsFunc(f.authorizations(), func(value string) bool { return value != "Bearer "+Token })},
		{NoToken, !slices.Contains(f.Values("Authorization"), "Bearer "+Token)},
		{HopByHop, f.hopByHop()},
		{Upgraded, f.upgrade()},
		{Trailers, slices.ContainsFunc(f.Trailers, func(field Field) bool { return isOf(field.Name, "authorization host content-length transfer-encoding") })},
		{Underscore, slices.ContainsFunc(f.Fields, func(field Field) bool { return strings.Contains(field.Name, "_") })},
		{Forged, slices.ContainsFunc(f.Fields, func(field Field) bool { return strings.Contains(field.Value, "forged") })},
	} {
		if check.is {
			found |= check.danger
		}
	}
	return found
}

// isOf reports whether a name is one of a list of names in lower case, separated by spaces.
func isOf(name, list string) bool {
	return slices.Contains(strings.Fields(list), strings.ToLower(name))
}

func (f *Forwarded) authorizations() []string {
	return append(f.Values("Authorization"), values(f.Trailers, "Authorization")...)
}

// hidden reports whether it is a request, or has a field, that one of two readings does not find.
func (f *Forwarded) hidden() bool {
	return strings.Contains(f.Target, hidden) || slices.ContainsFunc(f.Fields, func(field Field) bool {
		return strings.Contains(strings.ToLower(field.Name), hidden)
	})
}

// endUncertain reports whether it is uncertain where a request ends, as a client sent it. Equal lengths and folded
// lines may be mended (RFC 9112 sections 6.3 and 5.2).
func endUncertain(request string) bool {
	request = strings.NewReplacer("\r\n ", "  ", "\r\n\t", "  ").Replace(strings.TrimLeft(request, "\r\n"))
	lines, size := readLines([]byte(request))
	if size == 0 {
		return false // it has no head, or an unreadable one
	}
	f := &Forwarded{Version: "HTTP/1.1", Fields: parseFields(lines[1:])}
	if lengths := strings.Fields(strings.ReplaceAll(strings.Join(f.Values("Content-Length"), ","), ",", " ")); len(lengths) > 1 {
		return len(slices.Compact(lengths)) > 1
	}
	complete, _ := read([]byte(request))
	return f.framing() || complete == nil
}

func (f *Forwarded) framing() bool {
	lengths, codings := f.Values("Content-Length"), f.Values("Transfer-Encoding")
	if len(lengths) > 1 || len(codings) > 1 || len(lengths) > 0 && len(codings) > 0 {
		return true
	}
	for _, length := range lengths {
		if _, err := strconv.ParseUint(length, 10, 63); err != nil {
			return true
		}
	}
	for _, coding := range codings {
		if !strings.EqualFold(coding, "chunked") || f.Version != "HTTP/1.1" {
			return true
		}
	}
	return false
}

func (f *Forwarded) head() bool {
	if !isToken(f.Method) {
		return true
	}
	for _, field := range slices.Concat(f.Fields, f.Trailers) {
		name, _, found := strings.Cut(field.Line, ":")
		if !found || !isToken(name) || strings.ContainsFunc(field.Line, isControl) {
			return true
		}
	}
	return false
}

// isToken follows RFC 9110 section 5.6.2.
func isToken(text string) bool {
	for _, c := range []byte(text) {
		letter := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return text != ""
}

func isControl(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }

func (f *Forwarded) badHost() bool {
	hosts := f.Values("Host")
	if len(hosts) == 0 {
		return f.Version != "HTTP/1.0"
	}
	if len(hosts) > 1 {
		return true
	}
	// url.Parse does not look at the port beyond its digits.
	parsed, err := url.Parse("http://" + hosts[0])
	if err != nil || parsed.Host != hosts[0] || parsed.Hostname() == "" || strings.ContainsAny(hosts[0], ", ") {
		return true
	}
	if strings.HasSuffix(hosts[0], ":") {
		return true
	}
	_, err = strconv.ParseUint(parsed.Port(), 10, 16)
	return parsed.Port() != "" && err != nil
}

func (f *Forwarded) otherHost(server string) bool {
	names := f.Values("Host")
	if target, err := url.Parse(f.Target); err == nil && target.Host != "" && !strings.HasPrefix(f.Target, "/") {
		names = append(names, target.Host)
	}
	for _, name := range names {
		host := name
		if split, _, err := net.SplitHostPort(name); err == nil {
			host = split
		}
		if name != server && host != "" && !strings.EqualFold(strings.TrimSuffix(host, "."), Host) {
			return true
		}
	}
	return false
}

// escapes reports whether a server might find another path in a target than one under Prefix.
func escapes(target string) bool {
	for range 2 { // some decode a second time
		raw, _, _ := strings.Cut(target, "?")
		for _, part := range []string{raw, strings.ReplaceAll(raw, "#", "/")} {
			if !strings.HasPrefix(plain(part)+"/", Prefix) {
				return true
			}
		}
		target = decode(target)
	}
	return false
}

// plain is the path of a target as the most willing server reads it.
func plain(target string) string {
	if _, rest, found := strings.Cut(target, "://"); found && !strings.HasPrefix(target, "/") {
		_, target, _ = strings.Cut(rest, "/")
		target = "/" + target
	}
	target = strings.ReplaceAll(decode(target), `\`, "/")
	segments := strings.Split(target, "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	return path.Clean("/" + strings.Join(segments, "/"))
}

// decode decodes what is encoded correctly, and leaves the rest.
func decode(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if c, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				out.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

func (f *Forwarded) badTarget() bool {
	if f.Method == "OPTIONS" && f.Target == "*" {
		return false
	}
	if !strings.HasPrefix(f.Target, "/") || strings.Contains(f.Target, "#") {
		return true
	}
	// The characters of RFC 3986 section 2.
	for _, c := range []byte(f.Target) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return true
		}
	}
	route, _, _ := strings.Cut(f.Target, "?")
	decoded, err := url.PathUnescape(route)
	return err != nil || strings.ContainsFunc(decoded, isControl)
}

func (f *Forwarded) hopByHop() bool {
	for _, field := range f.Fields {
		switch {
		case isOf(field.Name, "proxy-authorization proxy-connection keep-alive http2-settings"):
			return true
		case isOf(field.Name, "te") && !strings.EqualFold(field.Value, "trailers"):
			return true
		case isOf(field.Name, "connection"):
			for option := range strings.SplitSeq(field.Value, ",") {
				if option = strings.TrimSpace(option); option != "" && !isOf(option, "close keep-alive upgrade te") {
					return true
				}
			}
		}
	}
	return false
}

func (f *Forwarded) upgrade() bool {
	protocols := f.Values("Upgrade")
	if len(protocols) == 0 {
		return false
	}
	websocket := len(protocols) == 1 && strings.EqualFold(protocols[0], "websocket") && f.Method == "GET" && f.Body == "" &&
		len(f.Values("Sec-WebSocket-Key")) == 1 && len(f.Values("Sec-WebSocket-Version")) == 1
	return !websocket
}
