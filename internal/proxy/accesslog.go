package proxy

import (
	"io"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/alf-go/alf"
)

// accessLog writes a line of JSON for each request. It has neither header fields nor queries, which may be secrets.
type accessLog struct {
	to      io.Writer
	lines   chan []byte
	dropped atomic.Uint64
	stop    sync.Once
	closing chan struct{}
	ended   chan struct{}
}

const (
	// maxLines are kept while the writer is slow; further ones are dropped.
	maxLines = 4096
	// flushTime is how long the writer may take for the rest when the log ends.
	flushTime = time.Second
	// maxLogged is how much of a path is logged.
	maxLogged = 1024
)

// newAccessLog returns the log of the state before, if it has the same writer.
func newAccessLog(to io.Writer, before *state) *accessLog {
	if to == nil {
		return nil
	}
	if before != nil && before.access != nil && same(before.access.to, to) {
		return before.access
	}
	l := &accessLog{to: to, lines: make(chan []byte, maxLines), closing: make(chan struct{}), ended: make(chan struct{})}
	go l.run()
	return l
}

// same compares two writers, of which some types cannot be compared.
func same(a, b io.Writer) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.TypeOf(a).Comparable() && a == b
}

func (l *accessLog) run() {
	defer close(l.ended)
	for {
		select {
		case line := <-l.lines:
			_, _ = l.to.Write(line)
		case <-l.closing:
			for {
				select {
				case line := <-l.lines:
					_, _ = l.to.Write(line)
				default:
					return
				}
			}
		}
	}
}

// close writes what is there. No request uses the log any more. If the writer hangs, so does the log's goroutine.
func (l *accessLog) close() {
	l.stop.Do(func() {
		close(l.closing)
		limit := time.NewTimer(flushTime)
		defer limit.Stop()
		select {
		case <-l.ended:
		case <-limit.C:
		}
	})
}

// timing is what the access log has of the time before the response.
type timing struct {
	waitBegan, responded time.Time
	waited               time.Duration // for a token
	retried              bool
}

// trace notes what the client does with the request.
func (t *timing) trace() *alf.Trace {
	return &alf.Trace{
		WaitStart: func() { t.waitBegan = time.Now() },
		WaitDone:  func(*alf.Token, error) { t.waited += time.Since(t.waitBegan) },
		Retry:     func(*alf.Token) { t.retried = true },
	}
}

// write queues the line of a request.
func (l *accessLog) write(out *writer, r *http.Request, listener string, took time.Duration) {
	line := appendAccess(make([]byte, 0, 320), out, r, listener, took)
	select {
	case l.lines <- line:
	default:
		l.dropped.Add(1)
	}
}

// appendAccess makes the line. Times are in milliseconds.
func appendAccess(b []byte, out *writer, r *http.Request, listener string, took time.Duration) []byte {
	b = append(b, `{"time":"`...)
	b = out.began.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","listener":`...)
	b = appendQuoted(b, listener)
	if out.route != nil {
		b = append(b, `,"route":`...)
		b = appendQuoted(b, out.route.Name)
	}
	b = append(b, `,"method":`...)
	b = appendQuoted(b, r.Method)
	b = append(b, `,"path":`...)
	b = appendQuoted(b, r.URL.EscapedPath())
	b = append(b, `,"protocol":`...)
	b = appendQuoted(b, r.Proto)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(out.status), 10)
	var received int64
	if out.body != nil {
		received = out.body.read.Load()
	}
	b = append(b, `,"received":`...)
	b = strconv.AppendInt(b, received, 10)
	b = append(b, `,"sent":`...)
	b = strconv.AppendInt(b, out.sent, 10)
	b = append(b, `,"duration_ms":`...)
	b = appendMillis(b, took)
	if t := out.timing; t != nil {
		if !t.responded.IsZero() {
			b = append(b, `,"upstream_ms":`...)
			b = appendMillis(b, t.responded.Sub(out.began)-t.waited)
		}
		if t.waited > 0 {
			b = append(b, `,"token_wait_ms":`...)
			b = appendMillis(b, t.waited)
		}
		if t.retried {
			b = append(b, `,"retried":true`...)
		}
	}
	if out.problem != nil {
		b = append(b, `,"error":`...)
		b = appendQuoted(b, out.problem.reason)
		if out.problem.cause != "" {
			b = append(b, `,"cause":`...)
			b = appendQuoted(b, out.problem.cause)
		}
	}
	if r.Context().Err() != nil {
		b = append(b, `,"canceled":true`...)
	}
	return append(b, '}', '\n')
}

func appendMillis(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, float64(max(d, 0).Microseconds())/1e3, 'f', 3, 64)
}

// appendQuoted appends text as a JSON string of printable ASCII: no terminal, and no other program that splits lines,
// is led astray by what a caller sends.
func appendQuoted(b []byte, text string) []byte {
	cut := len(text) > maxLogged
	if cut {
		text = text[:maxLogged]
	}
	b = append(b, '"')
	for len(text) > 0 {
		c, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case ' ' <= c && c <= '~':
			b = append(b, byte(c))
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			b = appendEscaped(appendEscaped(b, high), low)
		default:
			b = appendEscaped(b, c)
		}
	}
	if cut {
		b = append(b, "..."...)
	}
	return append(b, '"')
}

func appendEscaped(b []byte, c rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[c>>12&15], digits[c>>8&15], digits[c>>4&15], digits[c&15])
}
