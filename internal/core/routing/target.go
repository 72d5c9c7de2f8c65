package routing

import "strings"

// splitTarget returns the path and the query of a request target (RFC 9112 section 3.2). An absolute target is that of
// a request to this server, because its host was found to be served; only http may be named there.
func splitTarget(r *Request) (path, query string, refusal *Refusal) {
	target := r.Target
	if len(target) > 7 && strings.EqualFold(target[:7], "http://") {
		target = target[7:]
		i := strings.IndexAny(target, "/?")
		switch {
		case i < 0:
			target = "/"
		case target[i] == '?':
			target = "/" + target[i:]
		default:
			target = target[i:]
		}
	}
	if !strings.HasPrefix(target, "/") {
		return "", "", &Refusal{Reason: Ambiguous, Status: 400, Detail: "the request target has to be a path, or a URL with http://"}
	}
	path, query, _ = strings.Cut(target, "?")
	return path, query, nil
}

// admitPath refuses paths that the server may take for others than the route was chosen by (RFC 3986 sections 3.3 and
// 6.2.2): dot segments in any spelling, slashes that are encoded unless the route passes them, backslashes, NUL and
// other control characters.
func admitPath(path string, encodedSlashes bool) *Refusal {
	refuse := func(detail string) *Refusal {
		return &Refusal{Reason: Ambiguous, Status: 400, Detail: "the path " + detail}
	}
	if strings.HasPrefix(path, "//") {
		return refuse("begins with two slashes, which is a host elsewhere")
	}
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c <= ' ' || c >= 0x7f:
			return refuse("has characters that have to be percent-encoded")
		case c == '\\':
			return refuse("has a backslash, which some servers take for a slash")
		case c == '#':
			return refuse("has a fragment")
		case c != '%':
			continue
		}
		value, ok := unhex(path[i+1:])
		switch {
		case !ok:
			return refuse("has a % that encodes nothing")
		case value < ' ' || value == 0x7f:
			return refuse("has a control character")
		case value == '\\':
			return refuse("has an encoded backslash, which some servers take for a slash")
		case value == '/' && !encodedSlashes:
			return refuse("has an encoded slash, which some servers decode: set encoded_slashes to pass if this one does not")
		}
		i += 2
	}
	if hasDotSegment(path) {
		return refuse("has a dot segment: send it resolved")
	}
	return nil
}

// hasDotSegment looks for the segments "." and "..", however they and the slashes around them are encoded, and whatever
// parameters follow them: some servers remove those first.
func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(decode(path), "/") {
		segment, _, _ = strings.Cut(segment, ";")
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// decode replaces what is percent-encoded.
func decode(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' {
			c, _ = unhex(path[i+1:])
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String()
}

// unhex decodes the two digits after a percent sign.
func unhex(s string) (value byte, ok bool) {
	if len(s) < 2 {
		return 0, false
	}
	for i := range 2 {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		value = value<<4 | c
	}
	return value, true
}
