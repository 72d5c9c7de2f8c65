package redact

import "strings"

// secretNames are the names of members that hold a secret, in lower case, in whatever looks like JSON, a form or XML.
var secretNames = []string{
	"access_token", "accesstoken", "refresh_token", "refreshtoken", "id_token", "idtoken",
	"client_secret", "clientsecret", "client_assertion", "clientassertion",
}

// bareEnd ends a value without quotes.
const bareEnd = " \t\n\r\v\f\"'&,;<>{}[]"

// member returns the value of a member with a secret name that begins at i. Without an end, the value goes to the end
// of the text.
func (s *scanner) member(i int) (value span, ok bool) {
	read := s.readings(i)
	for _, name := range secretNames {
		begins := false
		for _, c := range read.chars[:read.n] {
			begins = begins || c.decoded[0]|0x20 == name[0]
		}
		if !begins {
			continue
		}
		end := s.match(name, i, true)
		if end < 0 || name[0] == 'i' && s.after(i, "val") {
			continue // "invalid_token" is the name of an error
		}
		return s.memberValue(end)
	}
	return span{}, false
}

// after reports whether the text before i ends in word, whatever its case.
func (s *scanner) after(i int, word string) bool {
	return i >= len(word) && strings.EqualFold(s.text[i-len(word):i], word)
}

// memberValue returns the value of a member whose name ends at i.
func (s *scanner) memberValue(i int) (span, bool) {
	if n, _, ok := s.oneOf(i, `"'`); ok {
		i += n
	}
	i = s.skipBlanks(i)
	n, depth, ok := s.oneOf(i, ":=>")
	if !ok {
		return span{}, false
	}
	i += n
	if n, _, ok := s.oneOf(i, ">"); ok { // the arrow of Ruby and PHP
		i += n
	}
	i = s.skipBlanks(i)
	var value span
	if n, _, ok := s.oneOf(i, `"'`); ok {
		value = span{i + n, s.closingQuote(i+n, s.text[i:i+n])}
	} else {
		value = span{i, s.bareEnd(i, depth)}
	}
	return value, value.from < value.to
}

// oneOf reports whether the text at i reads as one of some bytes, and how many bytes of the text and layers of encoding
// that takes.
func (s *scanner) oneOf(i int, bytes string) (n, depth int, ok bool) {
	if i >= len(s.text) {
		return 0, 0, false
	}
	read := s.readings(i)
	for k, c := range read.chars[:read.n] {
		if b, single := c.single(); single && strings.IndexByte(bytes, b) >= 0 {
			return c.n, read.depth[k], true
		}
	}
	return 0, 0, false
}

func (s *scanner) skipBlanks(i int) int {
	for {
		n, _, ok := s.oneOf(i, " \t\n\r\v\f")
		if !ok {
			return i
		}
		i += n
	}
}

// closingQuote returns where a quoted value ends that begins at i after a quote that is spelled so.
func (s *scanner) closingQuote(i int, quote string) int {
	escapes := strings.Count(quote, `\`)
	for at := i; at < len(s.text) && at < s.limit; at++ {
		s.steps--
		if len(quote) > escapes+1 { // in an encoding
			if end := at + len(quote); end <= len(s.text) && strings.EqualFold(s.text[at:end], quote) && !s.escaped(i, at) {
				return at
			}
			continue
		}
		if s.text[at] != quote[len(quote)-1] {
			continue
		}
		// In a JSON string within a JSON string, a quote has more backslashes than the one that ends the value.
		before := 0
		for at-before > i && s.text[at-before-1] == '\\' {
			before++
		}
		if before%(2*(escapes+1)) == escapes {
			return at - escapes
		}
	}
	return len(s.text)
}

// escaped reports whether a backslash is before at, in any encoding.
func (s *scanner) escaped(from, at int) bool {
	before := strings.ToLower(s.text[from:at])
	for _, spelling := range []string{`\`, "%5c", "&#92;", "&bsol;"} {
		if strings.HasSuffix(before, spelling) {
			return true
		}
	}
	return false
}

// bareEnd returns where a value without quotes ends that begins at i. depth is the number of layers in which the
// separator before it was encoded: the value's end is encoded in as many, or not at all.
func (s *scanner) bareEnd(i, depth int) int {
	for i < len(s.text) && i < s.limit {
		c, ok := s.char(i, depth)
		if !ok {
			break
		}
		if b, single := c.single(); strings.IndexByte(bareEnd, s.text[i]) >= 0 && c.n == 1 || single && strings.IndexByte(bareEnd, b) >= 0 {
			return i
		}
		i += c.n
	}
	return len(s.text)
}
