package program

import (
	"bytes"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/alf-go/alf/internal/program/exit"
)

// add appends to the body, which is held in memory, so that it can be sent again after a 401.
func (r *curlRequest) add(part []byte, separator string) {
	if r.body == nil {
		r.body = []byte{}
	} else {
		r.body = append(r.body, separator...)
	}
	r.body = append(r.body, part...)
}

func (r *curlRequest) data(value string) error { return r.part("--data", value, "&") }

// part appends what a value is, or names: a file (@PATH) or standard input (@-).
func (r *curlRequest) part(flag, value, separator string) error {
	path, isPath := strings.CutPrefix(value, "@")
	if !isPath {
		r.add([]byte(value), separator)
		return nil
	}
	content, err := r.read(flag, path)
	if err != nil {
		return err
	}
	r.add(content, separator)
	return nil
}

func (r *curlRequest) read(flag, path string) (content []byte, err error) {
	switch {
	case path != "-":
		content, err = os.ReadFile(path)
	case r.readStdin:
		return nil, exit.Usagef("%s @-: standard input can be read once: remove one of the two", flag)
	case r.secretStdin:
		return nil, exit.Usagef("%s @-: standard input is read by --client-secret-stdin: use --client-secret-file, or a file for the data", flag)
	default:
		r.readStdin = true
		content, err = io.ReadAll(r.stdin)
	}
	if err != nil {
		return nil, exit.Usagef("%s: %w", flag, err)
	}
	return content, nil
}

// urlencode appends a value in one of curl's forms: DATA, =DATA, NAME=DATA, @PATH or NAME@PATH.
func (r *curlRequest) urlencode(value string) error {
	at := strings.IndexAny(value, "=@")
	name, rest, content := "", value, []byte(nil)
	if at >= 0 {
		name, rest = value[:at], value[at+1:]
	}
	if at >= 0 && value[at] == '@' {
		var err error
		if content, err = r.read("--data-urlencode", rest); err != nil {
			return err
		}
	} else {
		content = []byte(rest)
	}
	encoded := url.QueryEscape(string(content))
	if name != "" {
		encoded = name + "=" + encoded
	}
	r.add([]byte(encoded), "&")
	return nil
}

// bodyReader keeps nil from becoming a body.
func bodyReader(body []byte) io.Reader {
	if body == nil {
		return nil
	}
	return bytes.NewReader(body)
}
