package redact

import (
	"html"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// longestEntity is enough for every entity that stands for one character of a secret, leading zeros of a number
// included.
const longestEntity = 16

// char reads the unit of the text at i through so many layers of encoding. What is not encoded in a layer stands for
// itself. ok is false at the end of the text.
func (s *scanner) char(i, depth int) (c char, ok bool) {
	if s.steps--; i >= len(s.text) || s.steps < 0 {
		return char{}, false
	}
	c = literal(s.text[i])
	if !introduces(s.text[i]) {
		return c, true
	}
	for layer := 1; layer <= depth; layer++ {
		c = s.decode(c, i, layer)
	}
	return c, true
}

// decode reads a unit that begins at i through one more layer; c is what it is in the layers below.
func (s *scanner) decode(c char, i, layer int) char {
	var decoded char
	ok := false
	s.steps--
	switch first, _ := c.single(); first {
	case '%':
		decoded, ok = s.percent(i+c.n, layer-1)
	case '\\':
		decoded, ok = s.escape(i+c.n, layer-1)
	case '&':
		decoded, ok = s.entity(i+c.n, layer-1)
	}
	if !ok {
		return c
	}
	decoded.n += c.n
	return decoded
}

// digits reads so many hexadecimal digits, each through so many layers, and returns how many bytes they are made of.
func (s *scanner) digits(i, depth, count int) (value uint64, n int, ok bool) {
	for range count {
		c, found := s.char(i+n, depth)
		b, single := c.single()
		digit := strings.IndexByte("0123456789abcdef", b|0x20)
		if !found || !single || digit < 0 || b < '0' {
			return 0, 0, false
		}
		value, n = value<<4|uint64(digit), n+c.n
	}
	return value, n, true
}

// percent reads the two digits after a percent sign (RFC 3986 section 2.1).
func (s *scanner) percent(i, depth int) (char, bool) {
	b, n, ok := s.digits(i, depth, 2)
	c := literal(byte(b))
	c.n = n
	return c, ok
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
	unit, n, ok := s.digits(i+c.n, depth, 4)
	if !ok {
		return char{}, false
	}
	n += c.n
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
	for _, want := range []byte{'\\', 'u'} {
		c, found := s.char(i+n, depth)
		if b, single := c.single(); !found || !single || b != want {
			return 0, 0, false
		}
		n += c.n
	}
	unit, m, ok := s.digits(i+n, depth, 4)
	return rune(unit), n + m, ok
}

// entity reads what follows the ampersand of a character reference of HTML.
func (s *scanner) entity(i, depth int) (char, bool) {
	name := append(make([]byte, 0, longestEntity), '&')
	for n := 0; len(name) < longestEntity; {
		c, found := s.char(i+n, depth)
		b, single := c.single()
		if !found || !single || b != ';' && b != '#' && !isAlphanumeric(b) {
			break
		}
		name, n = append(name, b), n+c.n
		if b == ';' {
			entity := string(name)
			decoded := html.UnescapeString(entity)
			if decoded == entity {
				break
			}
			return decodedAs(decoded, n)
		}
	}
	return char{}, false
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
