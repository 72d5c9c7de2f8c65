package redact

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// longestEntity is enough for every entity that stands for one character of a secret, leading zeros of a number included.
const longestEntity = 16

// char reads the unit of the text at i through so many layers of encoding. What is not encoded in a layer stands for itself. ok
// is false at the end of the text.
func (s *scanner) char(i, depth int) (c char, ok bool) {
	if s.steps--; i >= len(s.text) || s.steps < 0 {
		return char{}, false
	}
	if depth == 0 || !introduces(s.text[i]) {
		return literal(s.text[i]), true
	}
	c, ok = s.char(i, depth-1)
	if !ok {
		return char{}, false
	}
	var decoded char
	switch first, _ := c.single(); first {
	case '%':
		decoded, ok = s.percent(i+c.n, depth-1)
	case '\\':
		decoded, ok = s.escape(i+c.n, depth-1)
	case '&':
		decoded, ok = s.entity(i+c.n, depth-1)
	default:
		return c, true
	}
	if !ok {
		return c, true
	}
	decoded.n += c.n
	return decoded, true
}

// next returns up to most bytes of the text from i on, read through so many layers, as long as valid accepts them, and how many
// bytes they are made of. It ends after a byte for which last holds.
func (s *scanner) next(i, depth, most int, valid func(byte) bool, last byte) (string, int) {
	var read strings.Builder
	n := 0
	for read.Len() < most {
		c, ok := s.char(i+n, depth)
		if !ok {
			break
		}
		b, ok := c.single()
		if !ok || b != last && !valid(b) {
			break
		}
		read.WriteByte(b)
		n += c.n
		if b == last {
			break
		}
	}
	return read.String(), n
}

// percent reads the two digits after a percent sign (RFC 3986 section 2.1).
func (s *scanner) percent(i, depth int) (char, bool) {
	digits, n := s.next(i, depth, 2, isHex, 0)
	b, err := strconv.ParseUint(digits, 16, 8)
	if err != nil || len(digits) < 2 {
		return char{}, false
	}
	c := literal(byte(b))
	c.n = n
	return c, true
}

// escape reads what follows the backslash of a JSON string (RFC 8259 section 7).
func (s *scanner) escape(i, depth int) (char, bool) {
	c, ok := s.char(i, depth)
	b, single := c.single()
	if !ok || !single {
		return char{}, false
	}
	if at := strings.IndexByte(`"\/bfnrt`, b); at >= 0 {
		decoded := literal("\"\\/\b\f\n\r\t"[at])
		decoded.n = c.n
		return decoded, true
	}
	if b != 'u' {
		return char{}, false
	}
	digits, n := s.next(i+c.n, depth, 4, isHex, 0)
	n += c.n
	unit, err := strconv.ParseUint(digits, 16, 16)
	if err != nil || len(digits) < 4 {
		return char{}, false
	}
	r := rune(unit)
	if utf16.IsSurrogate(r) {
		// The other half of the pair is an escape of its own.
		if low, m, ok := s.lowSurrogate(i+n, depth); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return decodedAs(string(pair), n+m)
			}
		}
	}
	return decodedAs(string(r), n)
}

func (s *scanner) lowSurrogate(i, depth int) (r rune, n int, ok bool) {
	text, n := s.next(i, depth, 6, func(b byte) bool { return b == '\\' || b == 'u' || isHex(b) }, 0)
	if !strings.HasPrefix(text, `\u`) || len(text) < 6 {
		return 0, 0, false
	}
	unit, err := strconv.ParseUint(text[2:], 16, 16)
	return rune(unit), n, err == nil
}

// entity reads what follows the ampersand of a character reference of HTML.
func (s *scanner) entity(i, depth int) (char, bool) {
	name, n := s.next(i, depth, longestEntity-1, func(b byte) bool { return b == '#' || isAlphanumeric(b) }, ';')
	if !strings.HasSuffix(name, ";") {
		return char{}, false
	}
	decoded := html.UnescapeString("&" + name)
	if decoded == "&"+name {
		return char{}, false
	}
	return decodedAs(decoded, n)
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
