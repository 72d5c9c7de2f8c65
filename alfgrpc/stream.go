package alfgrpc

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"
)

// stream opens a stream that is opened again, once, with the successor of its token if the server refuses that before
// anything was received.
func (ch *channel) stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer,
	options ...grpc.CallOption) (grpc.ClientStream, error) {
	s := &stream{open: func(c *call) (grpc.ClientStream, error) {
		return open(c, desc, conn, method, c.callOptions(options)...)
	}}
	s.changed.L = &s.mu
	s.sent.limit = ch.buffer
	if !desc.ClientStreams {
		s.sent.limit = maxRequest + messagePrefix
	}
	s.settled.Store(!encodesProto(options))
	c := newCall(ctx, method)
	inner, err := s.open(c)
	if err != nil {
		c.done()
		return nil, err
	}
	s.current.Store(&opened{inner, c})
	return s, nil
}

// opened is a stream of grpc-go's, with the call that it was opened with.
type opened struct {
	grpc.ClientStream
	call *call
}

// stream is the stream of a caller, over one of grpc-go's and then perhaps over a second one. gRPC allows one goroutine
// to send and another one to receive at the same time; both may find out that the stream was refused.
//
// Until it is settled, the one that sends holds sending and fills the buffer, and the one that receives has claimed
// receiving. Opening it again takes both: it waits for the fetch, then replaces current and sends the buffer again.
// Otherwise no goroutine waits for another one that waits for the network, except while current is over: then grpc-go
// returns at once whatever is called.
type stream struct {
	open    func(*call) (grpc.ClientStream, error)
	current atomic.Pointer[opened]
	// settled says that current is not replaced any more: something was received, the stream has ended or was opened
	// again, or it cannot be.
	settled atomic.Bool
	// direct says that it is settled and that the buffer is not being sent again, so that sending needs no lock.
	direct atomic.Bool
	// found says that the next RecvMsg returns result, which was received already.
	found atomic.Bool

	sending sync.Mutex // guards sent and closed; held while something is sent, until sending is direct
	sent    buffer
	closed  bool // CloseSend was called

	mu        sync.Mutex // guards what follows
	changed   sync.Cond
	receiving bool // a goroutine receives
	result    result
}

// result is what was received of a stream before the caller asked for it: a message, as a message without fields of its
// own, which keeps them all, or the end.
type result struct {
	message *emptypb.Empty
	err     error
}

// SendMsg sends a message. While the stream may be opened again, it keeps a copy.
func (s *stream) SendMsg(message any) error {
	if s.direct.Load() {
		return s.current.Load().SendMsg(message)
	}
	at, err := s.sendFirst(message)
	if err == io.EOF && s.reopened(at) {
		return nil // with the message, which is in the buffer
	}
	return err
}

// sendFirst sends a message while the stream may be opened again.
func (s *stream) sendFirst(message any) (at *opened, err error) {
	s.sending.Lock()
	defer s.unlockSending()
	at = s.current.Load()
	if !s.settled.Load() && !s.sent.add(message) {
		s.settled.Store(true)
	}
	return at, at.SendMsg(message)
}

// unlockSending ends what began with sending.Lock.
func (s *stream) unlockSending() {
	if s.settled.Load() {
		s.sent.clear()
		s.direct.Store(true)
	}
	s.sending.Unlock()
}

// CloseSend ends what is sent.
func (s *stream) CloseSend() error {
	if s.direct.Load() {
		return s.current.Load().CloseSend()
	}
	s.sending.Lock()
	defer s.unlockSending()
	s.closed = true
	return s.current.Load().CloseSend()
}

// RecvMsg receives a message. If the stream is refused before the first, it opens it again.
func (s *stream) RecvMsg(message any) error {
	if s.settled.Load() && !s.found.Load() {
		return s.receiveSettled(message)
	}
	s.claim(nil)
	defer s.release()
	if s.found.Load() {
		return s.deliver(message)
	}
	if s.settled.Load() {
		return s.receiveSettled(message)
	}
	return s.receiveFirst(message)
}

// receiveSettled receives from a stream that is not opened again.
func (s *stream) receiveSettled(message any) error {
	at := s.current.Load()
	err := at.RecvMsg(message)
	if err == nil {
		at.call.report(nil)
		return nil
	}
	if first := !at.call.reported.Load(); at.call.refused(err) && !(first && at.call.retry) {
		err = at.call.invalidate(err)
	} else {
		at.call.report(err)
	}
	at.call.done()
	s.end(err)
	return err
}

// end keeps the end of the stream for callers that receive again.
func (s *stream) end(err error) {
	s.result.err = err
	s.found.Store(true)
	s.settle()
}

// receiveFirst receives the first message, or the end of a stream without any.
func (s *stream) receiveFirst(message any) error {
	for {
		at := s.current.Load()
		err := at.RecvMsg(message)
		if err == nil {
			at.call.report(nil)
			s.settle()
			return nil
		}
		if err = s.openAgain(at, err); err != nil {
			s.end(err)
			return err
		}
	}
}

// openAgain opens a stream again that ended without a message, if the token was refused. Otherwise it returns the error
// that the stream ends with. The caller has claimed receiving.
func (s *stream) openAgain(at *opened, err error) error {
	c := at.call
	if !c.refused(err) || c.retry {
		c.report(err)
		c.done()
		return err
	}
	s.sending.Lock()
	if s.settled.Load() {
		err = c.invalidate(err)
	} else {
		err = c.replace(err)
	}
	if err != nil {
		s.unlockSending()
		c.done()
		return err
	}
	again := c.again()
	inner, err := s.open(again)
	if err != nil {
		s.unlockSending()
		again.report(err)
		again.done()
		return err
	}
	next := &opened{inner, again}
	s.mu.Lock()
	s.current.Store(next)
	s.settled.Store(true)
	s.changed.Broadcast()
	s.mu.Unlock()
	if len(s.sent.messages) > 1 {
		// The server may send more than gRPC takes before it has read all of it, so the caller has to receive
		// meanwhile.
		go s.sendAgain(next)
	} else {
		s.sendAgain(next)
	}
	return nil
}

// sendAgain sends what is in the buffer, all of it or else the stream ends. It ends what openAgain began with
// sending.Lock. The one that receives gets its errors.
func (s *stream) sendAgain(next *opened) {
	defer s.unlockSending()
	err := s.sent.each(next.SendMsg)
	if err == nil && s.closed {
		err = next.CloseSend()
	}
	if err != nil && err != io.EOF {
		next.call.end()
	}
}

// Header returns the header of the stream. If the stream ended without one because its token was refused, it is that of
// the stream that was opened again.
func (s *stream) Header() (metadata.MD, error) {
	for {
		at := s.current.Load()
		md, err := at.Header()
		if md != nil || err != nil || s.settled.Load() || !s.reopened(at) {
			return md, err
		}
	}
}

// reopened reports whether a stream that is over was opened again. If no goroutine is receiving, it does so itself.
func (s *stream) reopened(at *opened) bool {
	if !s.claim(at) {
		return s.current.Load() != at
	}
	defer s.release()
	message := new(emptypb.Empty)
	err := at.RecvMsg(message)
	if err == nil {
		at.call.report(nil)
		s.result.message = message
	} else if err = s.openAgain(at, err); err == nil {
		return true
	}
	s.end(err)
	return false
}

// claim waits until no other goroutine receives. With a stream that is over, it reports whether the caller is to
// receive: the stream is still current, and its end was not received yet.
func (s *stream) claim(over *opened) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if over != nil && (s.current.Load() != over || s.settled.Load()) {
			return false
		}
		if !s.receiving {
			s.receiving = true
			return true
		}
		s.changed.Wait()
	}
}

// release ends what claim began.
func (s *stream) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.receiving = false
	s.changed.Broadcast()
}

// settle says that the stream is not opened again. It does not wait for a goroutine that is sending: that one frees the
// buffer.
func (s *stream) settle() {
	s.settled.Store(true)
	if s.sending.TryLock() {
		s.unlockSending()
	}
}

// deliver returns what was received already: a message once, the end as often as asked.
func (s *stream) deliver(message any) error {
	if s.result.err != nil {
		return s.result.err
	}
	s.found.Store(false)
	received := s.result.message
	s.result.message = nil
	return transfer(received, message)
}

// Trailer returns the trailer of the stream.
func (s *stream) Trailer() metadata.MD { return s.current.Load().Trailer() }

// Context returns that of the stream as it is now. As in grpc-go, the stream is not opened again once it was asked for.
func (s *stream) Context() context.Context {
	s.settled.Store(true)
	return s.current.Load().Context()
}
