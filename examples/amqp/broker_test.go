package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// broker speaks as much of AMQP 0-9-1 as the worker needs. The queue "orders" has what is put into deliveries. A secret
// that it does not accept ends the connection, as RabbitMQ does. interop/ has the worker with RabbitMQ itself.
type broker struct {
	t          *testing.T
	listener   net.Listener
	accepts    func(token string) bool
	deliveries chan string
	acked      chan uint64 // delivery tags
	secrets    chan string // of connections, and each that updates one
}

// The methods of the specification: class and number.
const (
	connectionStart, connectionStartOk               = 10<<16 | 10, 10<<16 | 11
	connectionTune, connectionTuneOk                 = 10<<16 | 30, 10<<16 | 31
	connectionOpen, connectionOpenOk                 = 10<<16 | 40, 10<<16 | 41
	connectionClose, connectionCloseOk               = 10<<16 | 50, 10<<16 | 51
	connectionUpdateSecret, connectionUpdateSecretOk = 10<<16 | 70, 10<<16 | 71
	channelOpen, channelOpenOk                       = 20<<16 | 10, 20<<16 | 11
	basicQos, basicQosOk                             = 60<<16 | 10, 60<<16 | 11
	basicConsume, basicConsumeOk                     = 60<<16 | 20, 60<<16 | 21
	basicCancel, basicCancelOk                       = 60<<16 | 30, 60<<16 | 31
	basicDeliver, basicAck                           = 60<<16 | 60, 60<<16 | 80
)

func startBroker(t *testing.T, accepts func(token string) bool) *broker {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &broker{t: t, listener: listener, accepts: accepts}
	b.deliveries, b.acked, b.secrets = make(chan string, 10), make(chan uint64, 10), make(chan string, 10)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			session := &session{broker: b, conn: conn}
			session.serve()
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-ended })
	return b
}

// url is the broker's address.
func (b *broker) url() string { return "amqp://" + b.listener.Addr().String() + "/" }

// session is one connection.
type session struct {
	*broker
	conn net.Conn

	consumer string // the consumer's tag
	tag      uint64 // of the last delivery
}

// serve returns when the connection has ended.
func (s *session) serve() {
	in := bufio.NewReader(s.conn)
	if header, err := io.ReadAll(io.LimitReader(in, 8)); err != nil || string(header) != "AMQP\x00\x00\x09\x01" {
		return
	}
	s.method(0, connectionStart, []byte{0, 9}, long(""), long("PLAIN"), long("en_US"))
	frames := make(chan []byte)
	go func() {
		defer close(frames)
		for {
			head := make([]byte, 7) // type, channel, size
			if _, err := io.ReadFull(in, head); err != nil {
				return
			}
			frame := append(head, make([]byte, binary.BigEndian.Uint32(head[3:])+1)...)
			if _, err := io.ReadFull(in, frame[7:]); err != nil {
				return
			}
			frames <- frame
		}
	}()
	var deliveries chan string // nil unless there is a consumer
	for {
		select {
		case frame, ok := <-frames:
			if !ok {
				return
			}
			if frame[0] == 1 { // a method; heartbeats are ignored
				s.handle(binary.BigEndian.Uint32(frame[7:]), frame[11:len(frame)-1], &deliveries)
			}
		case body := <-deliveries:
			s.tag++
			s.method(1, basicDeliver, short(s.consumer), binary.BigEndian.AppendUint64(nil, s.tag), []byte{0}, short(""), short("orders"))
			s.frame(2, 1, []byte{0, 60, 0, 0}, binary.BigEndian.AppendUint64(nil, uint64(len(body))), []byte{0, 0})
			s.frame(3, 1, []byte(body))
		}
	}
}

// handle responds to one method.
func (s *session) handle(method uint32, arguments []byte, deliveries *chan string) {
	switch method {
	case connectionStartOk:
		_, arguments = cutLong(arguments)  // client properties
		_, arguments = cutShort(arguments) // the mechanism
		response, _ := cutLong(arguments)
		if s.login(response[strings.LastIndexByte(response, 0)+1:]) {
			s.method(0, connectionTune, []byte{0, 0, 0, 2, 0, 0, 0, 0})
		}
	case connectionOpen:
		s.method(0, connectionOpenOk, short(""))
	case connectionUpdateSecret:
		if secret, _ := cutLong(arguments); s.login(secret) {
			s.method(0, connectionUpdateSecretOk)
		}
	case connectionClose:
		s.method(0, connectionCloseOk)
	case channelOpen:
		s.method(1, channelOpenOk, long(""))
	case basicQos:
		s.method(1, basicQosOk)
	case basicConsume:
		_, arguments = cutShort(arguments[2:]) // the queue
		s.consumer, _ = cutShort(arguments)
		*deliveries = s.deliveries
		s.method(1, basicConsumeOk, short(s.consumer))
	case basicCancel:
		*deliveries = nil
		s.method(1, basicCancelOk, short(s.consumer))
	case basicAck:
		s.acked <- binary.BigEndian.Uint64(arguments)
	}
}

// login reports whether a secret is good. If not, it ends the connection with ACCESS_REFUSED.
func (s *session) login(secret string) bool {
	s.secrets <- secret
	if s.accepts(secret) {
		return true
	}
	s.method(0, connectionClose, []byte{1, 147}, short("ACCESS_REFUSED"), []byte{0, 0, 0, 0})
	return false
}

func (s *session) method(channel uint16, method uint32, arguments ...[]byte) {
	s.frame(1, channel, append([][]byte{binary.BigEndian.AppendUint32(nil, method)}, arguments...)...)
}

// frame writes one. If that fails, the connection has ended, which serve notices.
func (s *session) frame(kind byte, channel uint16, parts ...[]byte) {
	payload := bytes.Join(parts, nil)
	frame := binary.BigEndian.AppendUint16([]byte{kind}, channel)
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(payload)))
	_, _ = s.conn.Write(append(append(frame, payload...), 0xCE))
}

// Strings with a length of four bytes, as which an empty table can be read too, and of one.

func long(s string) []byte  { return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...) }
func short(s string) []byte { return append([]byte{byte(len(s))}, s...) }

func cutLong(b []byte) (string, []byte) {
	n := 4 + binary.BigEndian.Uint32(b)
	return string(b[4:n]), b[n:]
}

func cutShort(b []byte) (string, []byte) {
	n := 1 + int(b[0])
	return string(b[1:n]), b[n:]
}
