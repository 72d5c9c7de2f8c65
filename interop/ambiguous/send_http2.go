package ambiguous

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Try2 is Try over HTTP/2, without TLS and without an upgrade (RFC 9113 section 3.3).
func Try2(ctx context.Context, address string, server *Server, r Request2, limit time.Duration) (Outcome, error) {
	received, err := send2(ctx, address, r, limit)
	if err != nil {
		return Outcome{}, err
	}
	requests, err := server.Take(ctx, limit)
	if err != nil {
		return Outcome{}, err
	}
	return describe(received, requests, Assess(requests, server.Address()), server.Address()), nil
}

// stream is the one that is used.
const stream = 1

func send2(ctx context.Context, address string, r Request2, limit time.Duration) (*Received, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	// Everything is sent at once: it is less than the windows and frames that every server allows at the start.
	var out bytes.Buffer
	out.WriteString(http2.ClientPreface)
	writer := http2.NewFramer(&out, nil)
	writer.AllowIllegalWrites = true
	if err := r.write(writer); err != nil {
		return nil, err
	}
	_, _ = conn.Write(out.Bytes()) // the proxy may close the connection meanwhile

	reader := http2.NewFramer(conn, conn)
	reader.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	received := &Received{}
	for {
		if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
			return nil, err
		}
		frame, err := reader.ReadFrame()
		if err != nil {
			received.Ended = "closed"
			if isTimeout(err) {
				received.Ended = waits
			}
			return received, nil
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = reader.WriteSettingsAck()
			}
		case *http2.MetaHeadersFrame:
			status, err := strconv.Atoi(frame.PseudoValue("status"))
			if err == nil && status >= 200 {
				received.Statuses = []int{status}
			}
			if frame.StreamEnded() {
				return received, nil
			}
		case *http2.DataFrame:
			if frame.StreamEnded() {
				return received, nil
			}
		case *http2.RSTStreamFrame:
			received.Ended = fmt.Sprint("stream: ", frame.ErrCode)
			return received, nil
		case *http2.GoAwayFrame:
			if frame.ErrCode != http2.ErrCodeNo {
				received.Ended = fmt.Sprint("connection: ", frame.ErrCode)
				return received, nil
			}
		}
	}
}

func (r Request2) write(writer *http2.Framer) error {
	if err := writer.WriteSettings(); err != nil {
		return err
	}
	if err := writer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: encode(r.Fields), EndHeaders: true, EndStream: r.Data == "" && r.Trailers == nil,
	}); err != nil {
		return err
	}
	if r.Data != "" {
		if err := writer.WriteData(stream, r.Trailers == nil, []byte(r.Data)); err != nil {
			return err
		}
	}
	if r.Trailers == nil {
		return nil
	}
	return writer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: encode(r.Trailers), EndHeaders: true, EndStream: true,
	})
}

func encode(fields []hpack.HeaderField) []byte {
	var out bytes.Buffer
	encoder := hpack.NewEncoder(&out)
	for _, field := range fields {
		_ = encoder.WriteField(field) // a bytes.Buffer takes everything
	}
	return out.Bytes()
}
