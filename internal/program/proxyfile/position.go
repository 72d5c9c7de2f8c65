package proxyfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// position is a place in a file, both counted from 1, columns in characters. The zero value is that of what comes from
// flags.
type position struct{ line, column int }

func (p position) compare(other position) int {
	return cmp.Or(cmp.Compare(p.line, other.line), cmp.Compare(p.column, other.column))
}

// node is a JSON value and where it begins.
type node struct {
	at   position
	kind json.Delim // '{', '[' or 0
	// raw is the value as it stands there.
	raw     json.RawMessage
	members []member // of an object
	items   []*node  // of an array
}

type member struct {
	key   string
	at    position
	value *node
}

func (n *node) isNull() bool { return string(n.raw) == "null" }

// deepest bounds how deep values may be nested; no setting needs as much.
const deepest = 64

// text is a file that positions are looked up in.
type text struct {
	content []byte
	lines   []int // offsets at which lines begin
}

func newText(content []byte) *text {
	t := &text{content, []int{0}}
	for i, c := range content {
		if c == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

func (t *text) position(offset int) position {
	offset = max(0, min(offset, len(t.content)))
	line, found := slices.BinarySearch(t.lines, offset)
	if !found {
		line--
	}
	return position{line + 1, utf8.RuneCount(t.content[t.lines[line]:offset]) + 1}
}

// badJSON says where a file is not JSON, and why.
type badJSON struct {
	at      position
	problem string
}

// parse reads a JSON object. Names that occur twice are both kept: duplicates reports them.
func parse(content []byte) (*node, *badJSON) {
	t := newText(content)
	if bytes.HasPrefix(content, []byte("\xef\xbb\xbf")) {
		return nil, &badJSON{position{1, 1}, "it begins with a byte order mark: save it as UTF-8 without one"}
	}
	if i := invalidUTF8(content); i >= 0 {
		return nil, &badJSON{t.position(i), "it is not UTF-8: save it as that"}
	}
	var whole json.RawMessage
	if err := json.Unmarshal(content, &whole); err != nil {
		return nil, t.notJSON(err)
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	root, err := t.value(d, 0)
	if err != nil {
		return nil, &badJSON{t.position(int(d.InputOffset())), err.Error()}
	}
	if root.kind != '{' {
		return nil, &badJSON{root.at, "it has to be a JSON object: begin it with { and end it with }"}
	}
	return root, nil
}

func invalidUTF8(content []byte) int {
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// notJSON says what to do about the mistakes that are made most.
func (t *text) notJSON(err error) *badJSON {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return &badJSON{position{1, 1}, "it is not JSON: " + err.Error()}
	}
	if strings.Contains(err.Error(), "unexpected end") {
		return &badJSON{t.position(len(t.content)), "it is not JSON: it ends too early: is a bracket or a quotation mark missing?"}
	}
	offset := int(syntax.Offset) - 1
	bad := &badJSON{t.position(offset), "it is not JSON: " + err.Error()}
	before := bytes.TrimRight(t.content[:max(offset, 0)], " \t\r\n")
	switch c := t.content[min(max(offset, 0), len(t.content)-1)]; {
	case c == '/' || c == '#':
		bad.problem += ": JSON has no comments: remove it"
	case (c == '}' || c == ']') && bytes.HasSuffix(before, []byte(",")):
		bad.problem += ": remove the comma before it"
	case c == '"':
		bad.problem += ": is a comma missing before it?"
	case c == '\'':
		bad.problem += ": use double quotation marks"
	}
	return bad
}

// value reads the next value. The content is known to be JSON.
func (t *text) value(d *json.Decoder, depth int) (*node, error) {
	if depth > deepest {
		return nil, fmt.Errorf("values are nested more than %d deep: no setting needs that", deepest)
	}
	start := t.next(d)
	token, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	n := &node{at: t.position(start)}
	if n.kind, _ = token.(json.Delim); n.kind != 0 {
		for err == nil && d.More() {
			err = t.element(d, n, depth+1)
		}
		if err != nil {
			return nil, err
		}
		if _, err := d.Token(); err != nil && err != io.EOF {
			return nil, err
		}
	}
	n.raw = t.content[start:d.InputOffset()]
	return n, nil
}

// element reads a member of an object or an item of an array.
func (t *text) element(d *json.Decoder, n *node, depth int) error {
	m := member{at: t.position(t.next(d))}
	if n.kind == '{' {
		key, err := d.Token()
		if err != nil {
			return err
		}
		m.key, _ = key.(string)
	}
	value, err := t.value(d, depth)
	if err != nil {
		return err
	}
	if m.value = value; n.kind == '{' {
		n.members = append(n.members, m)
	} else {
		n.items = append(n.items, value)
	}
	return nil
}

// next is where the next token begins.
func (t *text) next(d *json.Decoder) int {
	offset := int(d.InputOffset())
	return offset + len(t.content[offset:]) - len(bytes.TrimLeft(t.content[offset:], " \t\r\n,:"))
}

// path is how messages name a member of what has a path itself. A key that would change how a message reads is quoted.
func path(of, key string) string {
	if strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsGraphic(r) || r == ' ' || r == '"' }) {
		key = strconv.QuoteToGraphic(key)
	}
	if of == "" {
		return key
	}
	return of + "." + key
}

// item is the same for an item of an array.
func item(of string, i int) string { return fmt.Sprintf("%s[%d]", of, i) }

// duplicates calls report for each name that occurs again in its object, however deep.
func (n *node) duplicates(of string, report func(at position, path string, first position)) {
	seen := make(map[string]position)
	for _, m := range n.members {
		if first, again := seen[m.key]; again {
			report(m.at, path(of, m.key), first)
		} else {
			seen[m.key] = m.at
		}
		m.value.duplicates(path(of, m.key), report)
	}
	for i, value := range n.items {
		value.duplicates(item(of, i), report)
	}
}

// distinct is the value without what occurs twice in it, which is reported as that.
func (n *node) distinct() json.RawMessage {
	twice := false
	n.duplicates("", func(position, string, position) { twice = true })
	var value any
	if !twice || json.Unmarshal(n.raw, &value) != nil {
		return n.raw
	}
	if text, err := json.Marshal(value); err == nil {
		return text
	}
	return n.raw
}
