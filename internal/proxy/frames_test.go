package proxy_test

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Frames of HTTP/2 and their flags (RFC 9113 section 6).
const (
	frameData     = 0x0
	frameHeaders  = 0x1
	frameReset    = 0x3
	frameSettings = 0x4
	frameGoAway   = 0x7

	endStream  = 0x1
	endHeaders = 0x4
	ack        = 0x1
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

type frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
	at          time.Time
}

// http2Caller is one end of a connection of HTTP/2 that sends exactly the frames that a test names, and keeps those
// that it receives: net/http's client would not send what comes too late.
type http2Caller struct {
	t       *testing.T
	conn    net.Conn
	writing sync.Mutex

	mu     sync.Mutex
	frames []frame
	closed time.Time // zero: the connection is open
	err    error     // with which it was closed
}

// newHTTP2Caller speaks HTTP/2 on a connection; begin has to be called.
func newHTTP2Caller(t *testing.T, c net.Conn) *http2Caller {
	t.Cleanup(func() { c.Close() })
	h := &http2Caller{t: t, conn: c}
	go h.receive()
	return h
}

// begin sends what a connection begins with.
func (h *http2Caller) begin() {
	h.write([]byte(preface))
	h.send(frameSettings, 0, 0, nil)
}

func (h *http2Caller) receive() {
	for {
		f, err := readFrame(h.conn)
		h.mu.Lock()
		if err != nil {
			h.closed, h.err = time.Now(), err
			h.mu.Unlock()
			return
		}
		h.frames = append(h.frames, f)
		h.mu.Unlock()
		if f.kind == frameSettings && f.flags&ack == 0 {
			h.send(frameSettings, ack, 0, nil)
		}
	}
}

func readFrame(r io.Reader) (f frame, err error) {
	var head [9]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return f, err
	}
	f = frame{kind: head[3], flags: head[4], stream: binary.BigEndian.Uint32(head[5:]), at: time.Now()}
	f.payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	_, err = io.ReadFull(r, f.payload)
	return f, err
}

func (h *http2Caller) send(kind, flags byte, stream uint32, payload []byte) {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	h.write(append(binary.BigEndian.AppendUint32(b, stream), payload...))
}

// write ignores errors: what matters is what the server has sent before it closed the connection.
func (h *http2Caller) write(b []byte) {
	h.writing.Lock()
	defer h.writing.Unlock()
	_, _ = h.conn.Write(b)
}

// request begins one; the last argument says whether it has no body. The header fields are literals without a place in
// the table, the first ones with names of the static table (RFC 7541 section 6.2.2 and appendix A).
func (h *http2Caller) request(stream uint32, method, path, contentType string, whole bool) {
	const authority, methodName, pathName, schemeHTTP, contentTypeName = 1, 2, 4, 0x80 | 6, 31
	block := []byte{schemeHTTP}
	for _, field := range []struct {
		name  byte
		value string
	}{{methodName, method}, {pathName, path}, {authority, "localhost"}, {contentTypeName, contentType}} {
		if field.name < 15 {
			block = append(block, field.name)
		} else {
			block = append(block, 15, field.name-15)
		}
		block = append(append(block, byte(len(field.value))), field.value...)
	}
	flags := byte(endHeaders)
	if whole {
		flags |= endStream
	}
	h.send(frameHeaders, flags, stream, block)
}

// data sends a part of a request.
func (h *http2Caller) data(stream uint32, text string, last bool) {
	var flags byte
	if last {
		flags = endStream
	}
	h.send(frameData, flags, stream, []byte(text))
}

// responseFrames is what came of one response so far.
type responseFrames struct {
	ok    bool // with the status 200
	body  string
	ended bool
	reset bool
	begun bool
}

// of returns what has come on a stream.
func (h *http2Caller) of(stream uint32) (r responseFrames) {
	const ok = 0x80 | 8 // ":status: 200" of the static table
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.frames {
		if f.stream != stream || f.kind > frameReset {
			continue
		}
		r.begun = true
		switch f.kind {
		case frameHeaders:
			r.ok = r.ok || len(f.payload) > 0 && f.payload[0] == ok
		case frameData:
			r.body += string(f.payload)
		case frameReset:
			r.reset = true
		}
		r.ended = r.ended || f.kind <= frameHeaders && f.flags&endStream != 0
	}
	return r
}

// goAway is the GOAWAY that came: the last stream that the server serves, the error code, and when.
func (h *http2Caller) goAway() (last, code uint32, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.frames {
		if f.kind == frameGoAway {
			require.GreaterOrEqual(h.t, len(f.payload), 8)
			return binary.BigEndian.Uint32(f.payload), binary.BigEndian.Uint32(f.payload[4:]), f.at
		}
	}
	return 0, 0, time.Time{}
}

// end is when the connection was closed, and how.
func (h *http2Caller) end() (time.Time, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed, h.err
}
