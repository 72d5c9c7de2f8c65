package sim

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
)

// RoundTripper is the server in memory: requests to any address reach it, be it [Server.APIURL] or that of production.
// It opens no socket and starts no goroutine. A request's body is read as HTTP/1 would carry it, and closed; its
// context ends every wait, and makes the response's body unreadable as well. Responses are delivered whole, when the
// handler has returned.
func (s *Server) RoundTripper() http.RoundTripper { return memory{s} }

type memory struct{ server *Server }

// RoundTrip returns the response to req.
func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	body := newSentBody(req)
	defer body.close()
	ctx := req.Context()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	in, err := arriving(req, body)
	if err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	err = m.respond(final{rec}, in)
	if err == nil {
		body.finish()
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case body.failed(): // the cause, whatever a handler made of it
		return nil, body.err
	case err != nil:
		return nil, err
	}
	return departing(rec, req), nil
}

// respond lets a handler that aborts look the same as on a socket. Any other panic is the test's own.
func (m memory) respond(w http.ResponseWriter, in *http.Request) (err error) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			err = errDropped
		} else if p != nil {
			panic(p)
		}
	}()
	return m.server.handle(w, in)
}

// final drops the informational responses, which the recorder would take for the one that counts.
type final struct{ *httptest.ResponseRecorder }

func (f final) WriteHeader(status int) {
	if isFinal(status) {
		f.ResponseRecorder.WriteHeader(status)
	}
}

// arriving is req as a handler sees it.
func arriving(req *http.Request, body *sentBody) (*http.Request, error) {
	if req.URL == nil || req.URL.Host == "" {
		return nil, errors.New("sim: the request's URL has no host: use Server.APIURL, or any other absolute address")
	}
	in := req.Clone(req.Context())
	in.RequestURI = req.URL.RequestURI()
	var err error
	if in.URL, err = url.ParseRequestURI(in.RequestURI); err != nil {
		return nil, err
	}
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if in.Header == nil {
		in.Header = http.Header{}
	}
	if req.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: req.URL.Hostname()}
	}
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	in.RemoteAddr = "127.0.0.1:1" // something that handlers can parse
	in.Body, in.ContentLength, in.GetBody, in.Response = body, body.length, nil, nil
	in.Trailer = req.Trailer // which the body fills in while it is read
	return in, nil
}

// departing is the recorded response as a client gets it.
func departing(rec *httptest.ResponseRecorder, req *http.Request) *http.Response {
	resp := rec.Result()
	resp.Request = req
	content := rec.Body.Bytes()
	if resp.ContentLength < 0 {
		resp.ContentLength = int64(len(content))
	}
	switch {
	case req.Method == http.MethodHead:
		resp.Body = http.NoBody
		return resp
	case resp.StatusCode == http.StatusNoContent, resp.StatusCode == http.StatusNotModified:
		content, resp.ContentLength = nil, 0
	}
	sent := min(int64(len(content)), resp.ContentLength)
	resp.Body = &receivedBody{ctx: req.Context(), content: bytes.NewReader(content[:sent]), broken: sent < resp.ContentLength}
	return resp
}

// receivedBody is a response's body. It ends with the request's context, as it does over a connection.
type receivedBody struct {
	ctx     context.Context
	content *bytes.Reader
	broken  bool // it is shorter than announced
	closed  atomic.Bool
}

func (b *receivedBody) Read(p []byte) (int, error) {
	switch {
	case b.closed.Load():
		return 0, http.ErrBodyReadAfterClose
	case b.ctx.Err() != nil:
		return 0, context.Cause(b.ctx)
	}
	n, err := b.content.Read(p)
	if err == io.EOF && b.broken {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *receivedBody) Close() error {
	b.closed.Store(true)
	return nil
}
