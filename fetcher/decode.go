package fetcher

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text as a reader of some encoding would see it, with the way back:
// text[i] came from the original's byte at[i], and at[len(text)] is its end.
type view struct {
	text []byte
	at   []int
}

func plainView(text string) view {
	v := view{text: []byte(text), at: make([]int, len(text)+1)}
	for i := range v.at {
		v.at[i] = i
	}
	return v
}

// span is a piece of the original text.
type span struct{ from, to int }

// span returns what text[from:to] was made of; what is encoded as one unit is
// taken whole.
func (v view) span(from, to int) span {
	end := to
	for end < len(v.text) && v.at[end] == v.at[to-1] {
		end++
	}
	return span{v.at[from], v.at[end]}
}

// unit reads one encoded unit at the start of rest: what it stands for, and
// how many bytes it took; 0 if there is none.
type unit func(rest []byte) (decoded string, n int)

// encodings are those in which servers and proxies echo what they were sent.
var encodings = []unit{percentUnit, jsonUnit, htmlUnit, blankUnit}

// decode reads v through u; false if nothing in it was encoded that way.
func (v view) decode(u unit) (view, bool) {
	out := view{text: make([]byte, 0, len(v.text)), at: make([]int, 0, len(v.at))}
	changed := false
	for i := 0; i < len(v.text); {
		decoded, n := u(v.text[i:])
		if n == 0 {
			out.text = append(out.text, v.text[i])
			out.at = append(out.at, v.at[i])
			i++
			continue
		}
		changed = true
		for j := range len(decoded) {
			out.text = append(out.text, decoded[j])
			out.at = append(out.at, v.at[i])
		}
		i += n
	}
	out.at = append(out.at, v.at[len(v.text)])
	return out, changed
}

// views returns v and every reading of it through up to depth encodings, one
// on top of the other: an error page holds JSON, which holds a form.
func (v view) views(depth int) []view {
	all := []view{v}
	if depth == 0 {
		return all
	}
	for _, u := range encodings {
		if decoded, changed := v.decode(u); changed {
			all = append(all, decoded.views(depth-1)...)
		}
	}
	return all
}

func percentUnit(rest []byte) (string, int) {
	if len(rest) < 3 || rest[0] != '%' {
		return "", 0
	}
	b, err := strconv.ParseUint(string(rest[1:3]), 16, 8)
	if err != nil {
		return "", 0
	}
	return string([]byte{byte(b)}), 3
}

func jsonUnit(rest []byte) (string, int) {
	if len(rest) < 2 || rest[0] != '\\' {
		return "", 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, rest[1]); i >= 0 {
		return "\"\\/\b\f\n\r\t"[i : i+1], 2
	}
	r, ok := jsonRune(rest)
	if !ok {
		return "", 0
	}
	if second, ok := jsonRune(rest[6:]); ok && utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
			return string(pair), 12
		}
	}
	return string(r), 6
}

func jsonRune(rest []byte) (rune, bool) {
	if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
		return 0, false
	}
	r, err := strconv.ParseUint(string(rest[2:6]), 16, 16)
	return rune(r), err == nil
}

// longestEntity is enough for every entity that stands for one character a
// secret may hold, leading zeros of a number included.
const longestEntity = 16

func htmlUnit(rest []byte) (string, int) {
	if rest[0] != '&' {
		return "", 0
	}
	end := bytes.IndexByte(rest[:min(len(rest), longestEntity)], ';')
	if end < 0 {
		return "", 0
	}
	entity := string(rest[:end+1])
	if decoded := html.UnescapeString(entity); decoded != entity {
		return decoded, end + 1
	}
	return "", 0
}

// blankUnit sees a line break as the blank that [printable] makes of it: what
// is a secret only then must be found all the same.
func blankUnit(rest []byte) (string, int) {
	if isBreak(rune(rest[0])) {
		return " ", 1
	}
	return "", 0
}
