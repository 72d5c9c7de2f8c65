package routing

import (
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// path is a path that is not ambiguous in itself: all servers agree on where its segments end, except for what readings
// has.
type path struct {
	// sent is how it goes on: percent-encoded as the caller had it; what has to be encoded is.
	sent string
	// form is what routes are chosen by: decoded, with encodedSlash for a slash that was encoded.
	form string
	// hasEncodedSlash says that there is one, and odd that a server may understand the path in more than one way.
	hasEncodedSlash, odd bool
}

// encodedSlash stands for %2F in the form of a path. No path has it otherwise.
const encodedSlash = 0

// readPath refuses paths that the server may take for others than the route was chosen by (RFC 3986 sections 3.3 and
// 6.2.2): dot segments in any spelling, backslashes, control characters, bytes that are no UTF-8 but may be taken for
// such.
func readPath(raw string) (path, *Refusal) {
	p := path{sent: raw, form: raw}
	var percent, dots, encoding bool
	previous := byte(0)
	for i := range len(raw) {
		c := raw[i]
		switch {
		case c <= ' ' || c == 0x7f:
			return p, ambiguous("the path has characters that have to be percent-encoded")
		case c == '\\':
			return p, ambiguous("the path has a backslash, which some servers take for a slash")
		case c == '#':
			return p, ambiguous("the path has a fragment")
		case c == '%':
			percent = true
		case c == ';', c == '/' && previous == '/':
			p.odd = true
		case c == '.' && previous == '/':
			dots = true
		case hasToBeEncoded(c):
			encoding = true
		}
		previous = c
	}
	if percent {
		if refusal := p.decode(); refusal != nil {
			return p, refusal
		}
	}
	if encoding {
		p.sent = wire.PercentEncode(raw, hasToBeEncoded)
	}
	switch {
	case isElsewhere(p.form):
		return p, ambiguous("the path begins with two slashes, which is a host elsewhere")
	case (percent || encoding) && isOverlong(p.form):
		return p, ambiguous("the path has a character that is encoded longer than need be, which some servers take for a dot or a slash")
	case (percent || dots) && hasDotSegment(p.form):
		return p, ambiguous("the path has a dot segment: send it resolved")
	}
	return p, nil
}

// hasToBeEncoded reports whether a byte may be in no path as it is (RFC 3986 section 3.3). Brackets may not either, but
// all programs send and take them.
func hasToBeEncoded(c byte) bool { return c > 0x7f || strings.IndexByte("\"<>^`{|}", c) >= 0 }

// isElsewhere reports whether a path begins as a reference to another host does (RFC 3986 section 4.2).
func isElsewhere(path string) bool { return strings.HasPrefix(path, "//") }

// decode makes the form of a path in which something is percent-encoded. It is decoded once: what is then encoded is
// encoded for the application.
func (p *path) decode() *Refusal {
	var b strings.Builder
	for i := 0; i < len(p.sent); i++ {
		c := p.sent[i]
		if c != '%' {
			b.WriteByte(c)
			continue
		}
		c, ok := unhex(p.sent[i+1:])
		switch {
		case !ok:
			return ambiguous("the path has a % that encodes nothing")
		case c < ' ' || c == 0x7f:
			return ambiguous("the path has a control character")
		case c == '\\':
			return ambiguous("the path has an encoded backslash, which some servers take for a slash")
		case c == '/':
			p.hasEncodedSlash = true
			c = encodedSlash
		case c == ';':
			p.odd = true
		}
		b.WriteByte(c)
		i += 2
	}
	p.form = b.String()
	return nil
}

// hasDotSegment looks for the segments "." and ".." in a form, whatever parameters follow them: some servers remove
// those first.
func hasDotSegment(form string) bool {
	for form != "" {
		end := strings.IndexFunc(form, isSeparator)
		if end < 0 {
			end = len(form)
		}
		segment, _, _ := strings.Cut(form[:end], ";")
		if segment == "." || segment == ".." {
			return true
		}
		form = form[min(end+1, len(form)):]
	}
	return false
}

func isSeparator(c rune) bool { return c == '/' || c == encodedSlash }

// isOverlong looks for UTF-8 that is longer than need be (RFC 3629 section 3), which decoders that do not look for it
// take for a character of ASCII.
func isOverlong(form string) bool {
	for i := range len(form) - 1 {
		switch c, next := form[i], form[i+1]; {
		case next < 0x80 || next > 0xbf:
		case c == 0xc0, c == 0xc1, c == 0xe0 && next < 0xa0, c == 0xf0 && next < 0x90, c == 0xf8 && next < 0x88, c == 0xfc && next < 0x84:
			return true
		}
	}
	return false
}

// readings are the other forms that servers may give to a path: Java's remove parameters from the segments, others take
// several slashes for one, and some do both.
func (p *path) readings() [3]string {
	bare := withoutParameters(p.form)
	return [...]string{bare, withoutEmptySegments(p.form), withoutEmptySegments(bare)}
}

func withoutParameters(form string) string {
	var b strings.Builder
	parameters := false
	for i := range len(form) {
		switch form[i] {
		case '/', encodedSlash:
			parameters = false
		case ';':
			parameters = true
		}
		if !parameters {
			b.WriteByte(form[i])
		}
	}
	return b.String()
}

func withoutEmptySegments(form string) string {
	var b strings.Builder
	for i := range len(form) {
		if form[i] != '/' || i == 0 || form[i-1] != '/' {
			b.WriteByte(form[i])
		}
	}
	return b.String()
}
