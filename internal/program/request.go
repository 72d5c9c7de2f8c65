package program

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
)

func (p *program) getCommand() *cli.Command {
	return &cli.Command{
		Name:        "get",
		Usage:       "get a URL with a token and print the response",
		ArgsUsage:   "URL",
		Description: "Prints the response's body to standard output, that of an error as well." + p.about(),
		Flags:       p.flags(includeFlag(), headerFlag()),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return p.request(ctx, cmd, http.MethodGet, nil)
		},
	}
}

func (p *program) curlCommand() *cli.Command {
	return &cli.Command{
		Name:      "curl",
		Usage:     "send a request with a token and print the response",
		ArgsUsage: "URL",
		Description: "Takes the flags of curl that one needs most. Prints the response's body to standard output, that\n" +
			"of an error as well. Redirects are followed; the token is sent along only within the URL's origin,\n" +
			"or within those given by --origin. Data is sent as it is, files included; several are joined by &.\n" +
			"It is application/x-www-form-urlencoded unless -H says otherwise." + p.about(),
		Flags: p.flags(
			&cli.StringFlag{Name: "request", Aliases: []string{"X"}, Usage: "`METHOD`; POST if there is data, else GET"},
			headerFlag(),
			&cli.StringSliceFlag{
				Name: "data", Aliases: []string{"d"},
				Usage: "send `DATA`, or what is in a file (@PATH) or on standard input (@-)",
			},
			includeFlag(),
		),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			body, err := p.data(cmd)
			if err != nil {
				return err
			}
			return p.request(ctx, cmd, method(cmd, body), body)
		},
	}
}

func headerFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "header", Aliases: []string{"H"}, Usage: "add `'NAME: VALUE'` to the request's headers; 'NAME:' removes one"}
}

func includeFlag() cli.Flag {
	return &cli.BoolFlag{Name: "include", Aliases: []string{"i"}, Usage: "print the response's status and headers before its body"}
}

func method(cmd *cli.Command, body []byte) string {
	switch {
	case cmd.String("request") != "":
		return cmd.String("request")
	case body != nil:
		return http.MethodPost
	}
	return http.MethodGet
}

// request sends one and prints the response.
func (p *program) request(ctx context.Context, cmd *cli.Command, method string, body []byte) error {
	if err := argumentsAre(cmd, "URL"); err != nil {
		return err
	}
	req, err := newRequest("URL", method, cmd.Args().First(), body)
	if err != nil {
		return err
	}
	if err := setHeaders(req, cmd.StringSlice("header")); err != nil {
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
	session.log.response(resp, method, time.Since(start))
	if err := p.print(resp, cmd.Bool("include")); err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		return exit.Failf(exit.API, "the API responded with %s", format.Status(resp.StatusCode))
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
func (p *program) print(resp *http.Response, include bool) error {
	if include {
		if err := writeHead(p.stdout, resp); err != nil {
			return exit.Failf(exit.Broken, "writing the response: %w", err)
		}
	}
	out := &writer{Writer: p.stdout}
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
	if _, err := fmt.Fprintf(w, "%s %s\n", resp.Proto, format.Status(resp.StatusCode)); err != nil {
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
