package program

import (
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
)

// data is the request's body, nil if there is none. It is held in memory, so that it can be sent again after a 401.
func (p *program) data(cmd *cli.Command) ([]byte, error) {
	if !cmd.IsSet("data") {
		return nil, nil
	}
	var parts [][]byte
	read := false
	for _, given := range cmd.StringSlice("data") {
		path, isPath := strings.CutPrefix(given, "@")
		var part []byte
		var err error
		switch {
		case !isPath:
			part = []byte(given)
		case path != "-":
			part, err = os.ReadFile(path)
		case read:
			return nil, exit.Usagef("--data @-: standard input can be read once: remove one of the two")
		case cmd.Bool("client-secret-stdin"):
			return nil, exit.Usagef("--data @-: standard input is read by --client-secret-stdin: use --client-secret-file, or a file for the data")
		default:
			read = true
			part, err = io.ReadAll(p.stdin)
		}
		if err != nil {
			return nil, exit.Usagef("--data: %w", err)
		}
		parts = append(parts, part)
	}
	return append([]byte{}, bytes.Join(parts, []byte("&"))...), nil
}

// bodyReader keeps nil from becoming a body.
func bodyReader(body []byte) io.Reader {
	if body == nil {
		return nil
	}
	return bytes.NewReader(body)
}

// setHeaders sets what was asked for over what is sent by itself, as curl does.
func setHeaders(req *http.Request, given []string) error {
	req.Header.Set("Accept", "*/*")
	req.Header.Set("User-Agent", "alf/"+version())
	if req.Body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	fresh := make(map[string]bool)
	for _, line := range given {
		name, value, ok := strings.Cut(line, ":")
		name, value = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case !ok || name == "":
			return exit.Usagef("-H: not of the form 'NAME: VALUE'")
		case name == "Authorization":
			return exit.Usagef("-H: Authorization carries the token: remove it, or use another program")
		case name == "Host":
			req.Host = value
		case value == "" && name == "User-Agent":
			req.Header[name] = []string{""} // or net/http would send its own
		case value == "":
			req.Header.Del(name)
		case !fresh[name]:
			fresh[name] = true
			req.Header.Set(name, value)
		default:
			req.Header.Add(name, value)
		}
	}
	return nil
}
