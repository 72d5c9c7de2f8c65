package ambiguous

import (
	"bytes"
	"strconv"
	"strings"
)

// Forwarded is a request as it reached the server behind a proxy.
type Forwarded struct {
	Method, Target, Version string
	Fields                  []Field
	Body                    string // without chunk sizes
	Trailers                []Field
}

// A Field is a line of a head or of trailers, as it came: Line has everything except its end.
type Field struct{ Name, Value, Line string }

// Values returns the values of all header fields of a name, in their order.
func (f *Forwarded) Values(name string) []string { return values(f.Fields, name) }

func values(fields []Field, name string) []string {
	var found []string
	for _, field := range fields {
		if strings.EqualFold(field.Name, name) {
			found = append(found, field.Value)
		}
	}
	return found
}

// read takes the first complete request from what arrived on a connection. It is as lenient as servers have ever been,
// so that it finds a request wherever one of them would. size is 0 as long as the request is not complete.
func read(text []byte) (request *Forwarded, size int) {
	empty := 0
	for len(text) > empty && (text[empty] == '\r' || text[empty] == '\n') { // RFC 9112 section 2.2
		empty++
	}
	lines, size := readLines(text[empty:])
	if len(lines) == 0 {
		return nil, 0
	}
	size += empty
	f := &Forwarded{}
	method, rest, _ := strings.Cut(lines[0], " ")
	f.Method, f.Target = method, rest
	if at := strings.LastIndexByte(rest, ' '); at >= 0 {
		f.Target, f.Version = rest[:at], rest[at+1:]
	}
	f.Fields = parseFields(lines[1:])
	body := text[size:]
	var used int
	switch coding, length := f.Values("Transfer-Encoding"), f.Values("Content-Length"); {
	case len(coding) > 0:
		used = f.readChunks(body)
	case len(length) > 0:
		used, _ = strconv.Atoi(length[0])
		used = max(used, 0)
		if used <= len(body) {
			f.Body = string(body[:used])
		}
	}
	if used < 0 || used > len(body) {
		return nil, 0
	}
	return f, size + used
}

// readChunks reads a chunked body and its trailers, and returns how long they are; -1 as long as the end is missing.
func (f *Forwarded) readChunks(text []byte) int {
	used := 0
	for {
		end := bytes.IndexByte(text[used:], '\n')
		if end < 0 {
			return -1
		}
		digits, _, _ := strings.Cut(string(text[used:used+end]), ";")
		length, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 31)
		if err != nil {
			return -1
		}
		used += end + 1
		if length == 0 {
			lines, size := readLines(text[used:])
			if size == 0 {
				return -1
			}
			f.Trailers = parseFields(lines)
			return used + size
		}
		if used+int(length) > len(text) {
			return -1
		}
		f.Body += string(text[used : used+int(length)])
		used += int(length)
		end = bytes.IndexByte(text[used:], '\n')
		if end < 0 {
			return -1
		}
		used += end + 1
	}
}

// readLines returns the lines up to the first empty one, and how long they are with it; 0 as long as that has not come.
// A line ends with LF; one CR before it belongs to the end.
func readLines(text []byte) (lines []string, size int) {
	for {
		end := bytes.IndexByte(text[size:], '\n')
		if end < 0 {
			return nil, 0
		}
		line := strings.TrimSuffix(string(text[size:size+end]), "\r")
		size += end + 1
		if line == "" {
			return lines, size
		}
		lines = append(lines, line)
	}
}

func parseFields(lines []string) []Field {
	var fields []Field
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		fields = append(fields, Field{strings.TrimSpace(name), strings.Trim(value, " \t\v"), line})
	}
	return fields
}
