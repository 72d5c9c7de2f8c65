package routing_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/core/routing"
)

// A server is the segments that a kind of server sees in a path, empty ones and dots as it treats them. ok is false if
// it refuses the path. None of this uses the package that is tested.
type server struct {
	name string
	see  func(path string) (segments []string, ok bool)
	// decodesSlashes: %2F is a slash for it, ignores: parameters or empty segments are nothing.
	decodesSlashes, ignores bool
}

var servers = []server{
	{"splits, then decodes (RFC 3986)", splitThenDecode, false, false},
	{"compares without decoding", func(p string) ([]string, bool) { return resolve(strings.Split(p, "/")[1:]), true }, false, false},
	{"decodes, then splits", decodeThenSplit, true, false},
	{"takes a backslash for a slash", func(p string) ([]string, bool) {
		d, err := url.PathUnescape(p)
		return resolve(strings.Split(strings.ReplaceAll(d, `\`, "/"), "/")[1:]), err == nil
	}, true, false},
	{"decodes UTF-8 that is too long", func(p string) ([]string, bool) {
		d, err := url.PathUnescape(p)
		return resolve(strings.Split(tooLong.Replace(d), "/")[1:]), err == nil
	}, true, false},
	{"net/http", func(p string) ([]string, bool) {
		r, err := http.NewRequest("GET", "http://x"+p, nil)
		if err != nil {
			return nil, false
		}
		return resolve(strings.Split(r.URL.Path, "/")[1:]), true
	}, true, false},
	{"ends at NUL", func(p string) ([]string, bool) {
		d, err := url.PathUnescape(p)
		d, _, _ = strings.Cut(d, "\x00")
		return resolve(strings.Split(d, "/")[1:]), err == nil
	}, true, false},
	{"Tomcat: parameters go, then it decodes, and several slashes are one", func(p string) ([]string, bool) {
		d, err := url.PathUnescape(cutParameters(p))
		return resolve(merge(strings.Split(d, "/")[1:])), err == nil
	}, true, true},
	{"decodes, then removes parameters", func(p string) ([]string, bool) {
		d, err := url.PathUnescape(p)
		return resolve(strings.Split(cutParameters(d), "/")[1:]), err == nil
	}, true, true},
	{"nginx: decodes, then several slashes are one", func(p string) ([]string, bool) {
		d, err := url.PathUnescape(p)
		return resolve(merge(strings.Split(d, "/")[1:])), err == nil
	}, true, true},
}

var tooLong = strings.NewReplacer("\xc0\xae", ".", "\xc0\xaf", "/", "\xc1\x9c", `\`, "\xe0\x80\xae", ".", "\xe0\x80\xaf", "/", "\xf0\x80\x80\xaf", "/")

func splitThenDecode(p string) (segments []string, ok bool) {
	for _, s := range strings.Split(p, "/")[1:] {
		d, err := url.PathUnescape(s)
		if err != nil {
			return nil, false
		}
		segments = append(segments, d)
	}
	return resolve(segments), true
}

func decodeThenSplit(p string) ([]string, bool) {
	d, err := url.PathUnescape(p)
	return resolve(strings.Split(d, "/")[1:]), err == nil
}

// resolve is RFC 3986 section 5.2.4.
func resolve(segments []string) (out []string) {
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".":
		case "..":
			out = out[:max(len(out)-1, 0)]
		default:
			out = append(out, s)
			continue
		}
		if last {
			out = append(out, "")
		}
	}
	return out
}

func merge(segments []string) (out []string) {
	for i, s := range segments {
		if s != "" || i == len(segments)-1 {
			out = append(out, s)
		}
	}
	return out
}

func cutParameters(p string) string {
	segments := strings.Split(p, "/")
	for i := range segments {
		segments[i], _, _ = strings.Cut(segments[i], ";")
	}
	return strings.Join(segments, "/")
}

// segmentsOf are those of a prefix: of "/a/" and "/a" one, of "/" none.
func segmentsOf(prefix string) (segments []string) {
	for _, s := range strings.Split(strings.Trim(prefix, "/"), "/") {
		if d, err := url.PathUnescape(s); err == nil && d != "" {
			segments = append(segments, d)
		}
	}
	return segments
}

// under reports whether segments begin with those of a prefix.
func under(segments []string, prefix string) bool {
	begin := segmentsOf(prefix)
	return len(segments) >= len(begin) && slices.Equal(segments[:len(begin)], begin)
}

// best is the most specific route for what a server sees, by the text of the rule: the host before any, the longest
// path, with methods before without; -1 if there is none.
func best(routes []routing.Route, host, method string, segments []string) int {
	found := -1
	for i, r := range routes {
		if r.Host != "" && !strings.EqualFold(r.Host, host) || !under(segments, r.Path) || len(r.Methods) > 0 && !slices.Contains(r.Methods, method) {
			continue
		}
		if found < 0 || rank(r) > rank(routes[found]) {
			found = i
		}
	}
	return found
}

func rank(r routing.Route) (n int) {
	if r.Host != "" {
		n += 1000
	}
	n += 10 * len(segmentsOf(r.Path))
	if len(r.Methods) > 0 {
		n++
	}
	return n
}
