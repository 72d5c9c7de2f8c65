package program

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/wire"
)

// curlRequest is what the options of a command line come to.
type curlRequest struct {
	method, output string
	headers, urls  []string
	body           []byte // nil: none
	json, inQuery  bool
	head           bool
	include, quiet bool

	stdin                  io.Reader
	secretStdin, readStdin bool
}

// curl sends a request and prints the response.
func (p *program) curl(ctx context.Context, cmd *cli.Command, given []givenOption) error {
	r := &curlRequest{stdin: p.stdin, secretStdin: cmd.Bool("client-secret-stdin")}
	if err := r.apply(given); err != nil {
		return err
	}
	if len(r.urls) == 0 || cmd.Args().Len() > 0 {
		if err := argumentsAre(cmd, "URL"); err != nil {
			return err
		}
		r.urls = append(r.urls, cmd.Args().First())
	}
	if len(r.urls) > 1 {
		return exit.Usagef("there is more than one URL: alf sends one request")
	}
	req, err := r.request()
	if err != nil {
		return err
	}
	session, err := p.connect(ctx, cmd)
	if err != nil {
		return err
	}
	defer session.close()
	limited, arrived, cancel := session.awaiting(ctx)
	defer cancel()
	start := time.Now()
	resp, err := session.Do(req.WithContext(limited))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	arrived()
	session.log.response(resp, req.Method, time.Since(start))
	if err := p.write(resp, r); err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		return exit.Failf(exit.API, "the API responded with %s", wire.Status(resp.StatusCode))
	}
	return nil
}

func (r *curlRequest) request() (*http.Request, error) {
	address, body := r.urls[0], r.body
	if r.inQuery {
		if len(body) > 0 {
			separator := "?"
			if strings.Contains(address, "?") {
				separator = "&"
			}
			address += separator + string(body)
		}
		body = nil
	}
	req, err := newRequest("URL", r.verb(), address, body)
	if err != nil {
		return nil, err
	}
	return req, setHeaders(req, r.json, r.headers)
}

// write writes the response to where it is wanted.
func (p *program) write(resp *http.Response, r *curlRequest) error {
	if r.quiet && resp.StatusCode >= 400 {
		return nil
	}
	if r.output == "" || r.output == "-" {
		return print(p.stdout, resp, r.include)
	}
	file, err := os.Create(r.output)
	if err != nil {
		return exit.Failf(exit.Broken, "writing the response: %w", err)
	}
	if err := print(file, resp, r.include); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return exit.Failf(exit.Broken, "writing the response: %w", err)
	}
	return nil
}

// newRequest refuses addresses that nothing could be sent to; from is what names them in errors.
func newRequest(from, method, address string, body []byte) (*http.Request, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		// Without repeating it: it may hold a password.
		return nil, exit.Usagef("%s: not an address to send a request to: use https://host/path", from)
	}
	if u.User != nil {
		return nil, exit.Usagef("%s: holds a name or password, which the token takes the place of: remove it", from)
	}
	req, err := http.NewRequest(method, address, bodyReader(body))
	if err != nil {
		return nil, exit.Usagef("%q cannot be a method: use GET, POST and the like", method)
	}
	return req, nil
}

// print streams the body.
func print(w io.Writer, resp *http.Response, include bool) error {
	if include {
		if err := writeHead(w, resp); err != nil {
			return exit.Failf(exit.Broken, "writing the response: %w", err)
		}
	}
	out := &writer{Writer: w}
	if _, err := io.Copy(out, resp.Body); out.err != nil {
		return exit.Failf(exit.Broken, "writing the response: %w", out.err)
	} else if err != nil {
		return exit.Failf(exit.Unreachable, "the response broke off: %w", err)
	}
	return nil
}

// writer remembers its error, to distinguish it from that of reading.
type writer struct {
	io.Writer
	err error
}

func (w *writer) Write(data []byte) (int, error) {
	n, err := w.Writer.Write(data)
	w.err = err
	return n, err
}

func writeHead(w io.Writer, resp *http.Response) error {
	if _, err := fmt.Fprintf(w, "%s %s\n", resp.Proto, wire.Status(resp.StatusCode)); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		for _, value := range resp.Header[name] {
			if _, err := fmt.Fprintf(w, "%s: %s\n", name, value); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}
