package redact

// maxDepth is how many encodings on top of each other are seen through: JSON that quotes a log line in JSON that quotes
// a form.
const maxDepth = 3

// scanner reads a text through the encodings in which something may be echoed in it. It decodes no more than it is
// asked about.
type scanner struct {
	text  string
	limit int // what begins here or later is not shown
	steps int // how much work is left
}

// char is one unit of a text and what it stands for.
type char struct {
	decoded [8]byte
	size    int // of decoded
	n       int // bytes of the text
}

func literal(b byte) char { return char{decoded: [8]byte{b}, size: 1, n: 1} }

func decodedAs(s string, n int) (char, bool) {
	c := char{size: len(s), n: n}
	return c, len(s) <= copy(c.decoded[:], s)
}

// single returns the byte that c stands for; false if that is more than one.
func (c char) single() (byte, bool) { return c.decoded[0], c.size == 1 }

// consume removes what c stands for, without its first skip bytes, from the start of pattern; false if pattern begins
// with something else. A pattern that ends within c is consumed.
func (c char) consume(pattern string, skip int, fold bool) (rest string, ok bool) {
	for i := skip; i < c.size && pattern != ""; i++ {
		if !same(pattern[0], c.decoded[i], fold) {
			return "", false
		}
		pattern = pattern[1:]
	}
	return pattern, true
}

// same compares a byte of a pattern with one of the text. A form writes a blank as plus, a wrapped line as a line
// break.
func same(pattern, text byte, fold bool) bool {
	if fold && 'A' <= text && text <= 'Z' {
		text += 'a' - 'A'
	}
	return pattern == text || pattern == ' ' && standsForBlank(text)
}

func standsForBlank(b byte) bool { return b == ' ' || b == '+' || isBreak(rune(b)) }

// introduces reports whether b may be the first byte of something encoded, whatever the encodings on top of each other.
func introduces(b byte) bool { return b == '%' || b == '\\' || b == '&' }

// readings are what the text at one place stands for, read through none, one, two... layers of encoding, each once.
type readings struct {
	chars [maxDepth + 1]char
	// depth is, for each, the number of layers.
	depth [maxDepth + 1]int
	n     int
}

func (s *scanner) readings(i int) (r readings) {
	if i >= len(s.text) {
		return r
	}
	c := literal(s.text[i])
	r.chars[0], r.n = c, 1
	for depth := 1; depth <= maxDepth && introduces(s.text[i]); depth++ {
		decoded := s.decode(c, i, depth)
		if decoded.n == c.n {
			continue
		}
		c = decoded
		r.chars[r.n], r.depth[r.n] = c, depth
		r.n++
	}
	return r
}

// match returns the end of pattern in the text at i, each unit of it in any encoding; -1 if it is not there. With fold,
// pattern is in lower case and the case of the text does not matter.
func (s *scanner) match(pattern string, i int, fold bool) int {
	for pattern != "" {
		if s.steps--; i >= len(s.text) || s.steps < 0 {
			return -1
		}
		b := s.text[i]
		if introduces(b) {
			end, read := -1, s.readings(i)
			for _, c := range read.chars[:read.n] {
				if rest, ok := c.consume(pattern, 0, fold); ok {
					end = max(end, s.match(rest, i+c.n, fold))
				}
			}
			return end
		}
		if !same(pattern[0], b, fold) {
			return -1
		}
		pattern, i = pattern[1:], i+1
	}
	return i
}
