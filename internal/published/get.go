package published

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/discovery"
	"github.com/alf-go/alf/internal/wire"
)

const (
	// maxRedirects is how many redirects of one request are followed, all of them within its origin.
	maxRedirects = 5
	// maxRequests bounds what one run may send, whatever the documents name.
	maxRequests = 48
	// maxPeeked is how much of the API's own response is looked at, in bytes.
	maxPeeked = 8 << 10
)

var (
	errRequests = fmt.Errorf("not asked: %d requests have been sent already", maxRequests)
	errPlain    = errors.New("not asked: it is plain http, where anyone on the way can change the response")
	errLate     = errors.New("no response in time")
	errSilent   = errors.New("not asked: the host did not respond before")
)

// redirectError is a redirect that is not followed.
type redirectError string

func (e redirectError) Error() string { return string(e) }

const (
	errLoop     redirectError = "it redirects in a loop: not followed"
	errTooMany  redirectError = "it redirects more than 5 times: not followed"
	errNowhere  redirectError = "it redirects to nowhere"
	otherOrigin               = "it redirects to %s, another origin: not followed"
)

// response is what a request came to. Its body is read and closed.
type response struct {
	status  int
	header  http.Header
	body    []byte
	tooLong bool
	moved   string // the address after redirects; "" without any
}

// get requests an address without any credentials: no token, no cookie, no certificate and no header of the user's. It
// follows redirects within the origin alone, since another origin has to speak for itself.
func (l *look) get(ctx context.Context, via *transports, address *url.URL, accept string, limit int) (*response, error) {
	limited, cancel := l.limited(ctx)
	defer cancel()
	visited := []string{address.String()}
	for at := address; ; {
		resp, err := l.send(limited, via, at, accept)
		if err != nil {
			if cause := context.Cause(limited); cause != nil {
				err = cause
			} else if errors.Is(err, io.EOF) {
				err = errors.New("the connection ended without a response")
			}
			return nil, err
		}
		next, err := redirected(resp, at)
		if next == nil && err == nil {
			read, err := readResponse(resp, limit)
			if err != nil && context.Cause(limited) != nil {
				err = context.Cause(limited)
			}
			if err == nil && len(visited) > 1 {
				read.moved = at.String()
			}
			return read, err
		}
		resp.Body.Close()
		switch {
		case err != nil:
			return nil, err
		case slices.Contains(visited, next.String()):
			return nil, errLoop
		case len(visited) > maxRedirects:
			return nil, errTooMany
		}
		visited, at = append(visited, next.String()), next
	}
}

// send sends one request.
func (l *look) send(ctx context.Context, via *transports, at *url.URL, accept string) (*http.Response, error) {
	if wire.Origin(at) != wire.Origin(l.API) && !wire.PlainHTTPAllowed(at, l.AllowHTTP) {
		return nil, errPlain
	}
	if l.requests++; l.requests > maxRequests {
		return nil, errRequests
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, errors.New("it is not an address that can be asked")
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", l.UserAgent)
	return via.RoundTrip(req)
}

// redirected returns where a response redirects to; nil if it does not.
func redirected(resp *http.Response, at *url.URL) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	to, err := at.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" {
		return nil, errNowhere
	}
	to.Fragment, to.RawFragment = "", ""
	if wire.Origin(to) != wire.Origin(at) {
		return nil, redirectError(fmt.Sprintf(otherOrigin, Clean(wire.Origin(to))))
	}
	to.User = nil
	return to, nil
}

// readResponse reads a body up to a limit. That of a stream of events has no end, and is not read.
func readResponse(resp *http.Response, limit int) (*response, error) {
	defer resp.Body.Close()
	r := &response{status: resp.StatusCode, header: resp.Header}
	if strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/event-stream") {
		return r, nil
	}
	if resp.ContentLength > int64(limit) {
		r.tooLong = true
		return r, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	if len(body) > limit {
		r.tooLong, body = true, body[:limit]
	} else if err != nil {
		return nil, fmt.Errorf("the response broke off: %w", err)
	}
	r.body = body
	return r, nil
}

// document requests what may be a document. Its error says why there is none.
func (l *look) document(ctx context.Context, via *transports, address string) (body []byte, moved string, err error) {
	u, err := discovery.Address(address)
	if err != nil {
		return nil, "", err
	}
	if slices.Contains(l.silent, u.Host) {
		return nil, "", errSilent
	}
	resp, err := l.get(ctx, via, u, "application/json", discovery.MaxDocument)
	switch {
	case err != nil:
		if errors.Is(err, l.late()) {
			l.silent = append(l.silent, u.Host)
		}
		return nil, "", err
	case resp.status != http.StatusOK:
		return nil, "", errors.New(wire.Status(resp.status))
	case resp.tooLong:
		return nil, "", errors.New("it is longer than 1 MiB: not read")
	}
	return resp.body, resp.moved, nil
}

// limited bounds one request with its redirects and its body.
func (l *look) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.Timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, l.Timeout, l.late())
}

// late is the error of a request that took too long.
func (l *look) late() error {
	if l.TimeoutError != nil {
		return l.TimeoutError
	}
	return errLate
}
