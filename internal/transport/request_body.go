package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"
)

const (
	// maxReplay is how much of a body is kept for sending it again. It stays in memory once per request in flight.
	maxReplay = 64 << 10
	// maxCompared is how much of a body of known length is kept for a comparison with what GetBody returns.
	maxCompared = 512
	// maxBodyWait is how long a request that is to be sent again waits for the base transport to be done with the first
	// body.
	maxBodyWait = 500 * time.Millisecond
)

// hasBody reports whether req has a body that could be lost.
func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

// requestBody is the body of a request that may have to be sent again. A nil one is that of a request without a body.
//
// net/http requires of everyone who reuses a request's body to wait until the transport has closed it, and over HTTP/2
// a Read may run even then. Otherwise a GetBody that rewinds one file would damage what is still being sent. A true
// copy reuses nothing, so C4's wait is not applied to the bodies that http.NewRequest makes.
type requestBody struct {
	req *http.Request // the caller's

	mu    sync.Mutex // for sent: the base transport may send a request again by itself
	sent  *sentBody  // what the base transport was given last; nil: it can be sent only once
	first sentBody   // the first of them, in the same allocation

	copied bool   // GetBody returns true copies, so nothing needs to be watched
	whole  []byte // the body, from the replay buffer
	known  bool   // whether whole is all of it
}

// attach puts a sentBody between the body of out, a copy of req, and the base transport.
func (b *requestBody) attach(out, req *http.Request) {
	b.req = req
	b.copied = req.GetBody != nil && copies(req.GetBody)
	if b.copied || req.GetBody == nil && req.ContentLength > maxReplay {
		// It is copied, or can be sent only once. So leave it of a type that the base transport may have a faster way
		// for: net/http writes header and body at once where it knows that the body is in memory.
		return
	}
	b.first.init(req.Body, req)
	b.sent = &b.first
	out.Body = b.sent
	if req.GetBody != nil {
		out.GetBody = func() (io.ReadCloser, error) {
			body, err := getBody(req)
			if err != nil {
				return nil, err
			}
			return b.track(body), nil
		}
	}
}

// track makes body the one that the base transport was given last.
func (b *requestBody) track(body io.ReadCloser) io.ReadCloser {
	next := new(sentBody)
	next.init(body, b.req)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = next
	return next
}

func (b *requestBody) last() *sentBody {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent
}

// done says that the request is not sent again. After an error the body is closed when it returns; after a response
// that is not waited for, because closing the body of an incoming request can take as long as its sender wants.
func (b *requestBody) done(failed bool) {
	if b == nil {
		return
	}
	b.whole = nil
	sent := b.last()
	if sent == nil || !sent.stop() {
		return
	}
	if failed {
		sent.body.Close()
	} else {
		go sent.body.Close()
	}
}

// repeatable waits until the base transport is done with the body, for a moment at most, and reports whether it can be
// sent again, as often as necessary.
func (b *requestBody) repeatable(ctx context.Context) bool {
	if b == nil || b.known || b.copied {
		return true
	}
	sent := b.last()
	if sent == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, maxBodyWait)
	defer cancel()
	if !sent.wait(ctx) {
		return false
	}
	b.whole, b.known = sent.finish(ctx)
	return b.known || b.req.GetBody != nil
}

// errNotWhole says that a body cannot be sent again as it was.
var errNotWhole = errors.New("alf: the request's GetBody did not return the whole body again")

// open returns the body of a request that is repeatable once more. It fails if GetBody does, or returns something else
// than it should, such as a reader that was already read.
func (b *requestBody) open(ctx context.Context) (io.ReadCloser, error) {
	if b == nil {
		return http.NoBody, nil
	}
	if b.known {
		return io.NopCloser(bytes.NewReader(b.whole)), nil
	}
	if b.copied {
		return getBody(b.req)
	}
	sent := b.last()
	before, seekable := position(b.req.Body)
	body, err := getBody(b.req)
	if err != nil {
		return nil, err
	}
	if after, ok := position(body); ok && seekable && sent.total > 0 && after == before && sameReader(b.req.Body, body) {
		return nil, errNotWhole // it was not rewound; closing it might close what the caller still uses
	}
	ctx, cancel := context.WithTimeout(ctx, maxBodyWait)
	defer cancel()
	compared := int64(len(sent.data))
	if sent.length > 0 && sent.length <= maxReplay {
		compared = sent.length
	}
	start, err := readStart(ctx, body, compared)
	if err != nil {
		return nil, err
	}
	if int64(len(start)) < compared || !bytes.HasPrefix(start, sent.data) {
		body.Close()
		return nil, errNotWhole
	}
	rest := io.Reader(body)
	if sent.length == 0 {
		rest = &atLeast{body, sent.total - int64(len(start))}
	}
	return b.track(&resumedBody{io.MultiReader(bytes.NewReader(start), rest), body}), nil
}

var errNoBody = errors.New("alf: the request's GetBody returned neither a body nor an error")

func getBody(req *http.Request) (io.ReadCloser, error) {
	body, err := req.GetBody()
	if err == nil && body == nil {
		err = errNoBody
	}
	return body, err
}

// atLeast fails where a body ends that is shorter than what was sent of it the first time: its length is not announced,
// so the server would take the part for the whole.
type atLeast struct {
	r       io.Reader
	missing int64
}

func (a *atLeast) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	a.missing -= int64(n)
	if err == io.EOF && a.missing > 0 {
		err = errNotWhole
	}
	return n, err
}

// readStart reads n bytes of body, fewer if it ends before. If it fails, or ctx ends first, the body is closed.
func readStart(ctx context.Context, body io.ReadCloser, n int64) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(io.LimitReader(body, n))
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			body.Close()
		}
		return r.data, r.err
	case <-ctx.Done():
		go body.Close() // which ends the Read, or waits for it
		return nil, ctx.Err()
	}
}

// sentBody is a request's body as the base transport reads it. It notes how far that has come, and keeps what was read.
// The transport may still be reading when the response is there, hence the lock.
type sentBody struct {
	body     io.ReadCloser
	length   int64 // Content-Length; 0: not known
	limit    int   // how much is kept of what is read
	finishes bool  // whether a body that is closed before its end is still needed: it can be read to its end

	mu      sync.Mutex
	reads   int           // those running
	closed  bool          // by the base transport
	kept    bool          // body is still open, although closed is true
	taken   bool          // body was closed in the transport's place
	stopped bool          // the request is not sent again
	total   int64         // how much was read
	ended   bool          // EOF was read
	data    []byte        // the first of what was read
	idle    chan struct{} // closed when no Read will run any more; nil: that is not waited for
}

func (s *sentBody) init(body io.ReadCloser, req *http.Request) {
	s.body, s.length = body, max(req.ContentLength, 0)
	switch {
	case s.length > maxReplay, s.length > 0 && req.GetBody != nil:
		s.limit = maxCompared
	default:
		s.limit = maxReplay
		s.finishes = req.GetBody == nil
	}
}

// Read reads from the body.
func (s *sentBody) Read(p []byte) (int, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	}
	s.reads++
	s.mu.Unlock()
	n, err := s.body.Read(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads--
	s.total += int64(n)
	s.ended = s.ended || err == io.EOF
	if room := s.limit - len(s.data); room > 0 && !s.stopped {
		s.data = append(s.data, p[:min(n, room)]...)
	}
	s.signal()
	return n, err
}

// Close closes the body, unless the rest of it is needed. Transports close a body before its end when the response has
// come.
func (s *sentBody) Close() error {
	s.mu.Lock()
	if !s.closed && s.finishes && !s.stopped && !s.readToEnd() {
		s.kept = true
	}
	s.closed = true
	open := s.kept || s.taken
	s.signal()
	s.mu.Unlock()
	if open {
		return nil
	}
	return s.body.Close()
}

func (s *sentBody) signal() {
	if s.idle != nil && s.closed && s.reads == 0 {
		close(s.idle)
		s.idle = nil
	}
}

// wait returns when the base transport has closed the body and no Read of it runs. It reports false if ctx ends before.
//
// C4 has the first 401 returned then, and so it is where the transport is still reading. But over HTTP/2 it closes a
// body only when the whole response has arrived, which on a busy machine can take longer although the body was read to
// its end long ago. C8 promises that such a request succeeds, so the body is closed here: the transport has no more use
// for it.
func (s *sentBody) wait(ctx context.Context) bool {
	s.mu.Lock()
	idle := make(chan struct{})
	s.idle = idle
	s.signal()
	s.mu.Unlock()
	select {
	case <-idle:
		return true
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reads > 0 || !s.closed && !s.readToEnd() {
		return false
	}
	if !s.closed {
		s.closed, s.taken = true, true
		s.body.Close()
	}
	return true
}

// readToEnd reports whether there is nothing left to read.
func (s *sentBody) readToEnd() bool { return s.ended || s.length > 0 && s.total >= s.length }

// finish returns the whole body if that was recorded: up to Content-Length if that is known (a transport need not read
// on to see the EOF, and an EOF before it is not the end), otherwise up to the EOF. What is missing of a short body is
// read now, of unknown length as well: over HTTP/2 a refusal may come before the little that an RPC sends. It is
// called when the base transport is done.
func (s *sentBody) finish(ctx context.Context) ([]byte, bool) {
	s.mu.Lock()
	data, kept := s.data, s.kept
	s.kept = false
	s.mu.Unlock()
	if kept {
		missing := s.length - s.total
		if s.length == 0 {
			missing = maxReplay + 1 - s.total // one more, which shows that it is longer
		}
		rest, err := readStart(ctx, s.body, missing)
		if err != nil {
			return nil, false
		}
		s.body.Close()
		data = append(data, rest...)
		s.total += int64(len(rest))
		s.ended = int64(len(rest)) < missing
	}
	whole := s.total == int64(len(data)) && (s.length > 0 && s.total == s.length || s.length == 0 && s.ended)
	return data, whole
}

// stop ends the filling of the replay buffer, so that a long-lived response does not keep what was sent. It reports
// whether the body has to be closed.
func (s *sentBody) stop() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.kept
	s.stopped, s.kept, s.data = true, false, nil
	return kept
}

// copies reports whether a GetBody is one that http.NewRequest made. Those return true copies, which need no watching.
func copies(getBody func() (io.ReadCloser, error)) bool {
	code := reflect.ValueOf(getBody).Pointer()
	return code == copying[0] || code == copying[1] || code == copying[2]
}

var copying = func() (code [3]uintptr) {
	for i, reader := range []io.Reader{bytes.NewBufferString("x"), bytes.NewReader([]byte("x")), strings.NewReader("x")} {
		if req, err := http.NewRequest(http.MethodPost, "http://localhost", reader); err == nil && req.GetBody != nil {
			code[i] = reflect.ValueOf(req.GetBody).Pointer()
		}
	}
	return code
}()

// position is where a body that can seek stands. io.NopCloser hides that it can.
func position(body io.ReadCloser) (int64, bool) {
	seeker, ok := inner(body).(io.Seeker)
	if !ok {
		return 0, false
	}
	at, err := seeker.Seek(0, io.SeekCurrent)
	return at, err == nil
}

func sameReader(a, b io.ReadCloser) bool {
	x, y := reflect.ValueOf(inner(a)), reflect.ValueOf(inner(b))
	return x.Comparable() && y.Comparable() && x.Interface() == y.Interface()
}

// inner is what io.NopCloser was given, or the body itself.
func inner(body io.ReadCloser) any {
	v := reflect.ValueOf(body)
	if t := v.Type(); t.PkgPath() == "io" && t.Kind() == reflect.Struct && t.NumField() == 1 {
		return v.Field(0).Interface()
	}
	return body
}
