package alfgrpc

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	encodingproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// maxRequest is how much of the one request of a call is kept, as much as servers of grpc-go receive by default.
	maxRequest = 4 << 20
	// messagePrefix is what gRPC puts before each message.
	messagePrefix = 5
)

// buffer has what was streamed to the server, encoded: gRPC forbids callers to change a message that was sent, and many
// do it all the same, because it goes well as long as no message is sent twice.
type buffer struct {
	limit    int
	encoded  []byte
	messages []messageEnd
}

// messageEnd is a message in the buffer, which begins where the one before it ends.
type messageEnd struct {
	kind protoreflect.MessageType
	end  int
}

// add reports whether the buffer has the message. It has not if it is full, or if the message cannot be copied because
// it is not a protocol buffer.
func (b *buffer) add(message any) bool {
	m, ok := message.(proto.Message)
	if !ok {
		return false
	}
	size := proto.Size(m)
	if len(b.encoded)+size+(len(b.messages)+1)*messagePrefix > b.limit {
		return false
	}
	encoded, err := proto.MarshalOptions{AllowPartial: true, UseCachedSize: true}.MarshalAppend(b.encoded, m)
	if err != nil {
		return false
	}
	b.encoded = encoded
	b.messages = append(b.messages, messageEnd{m.ProtoReflect().Type(), len(encoded)})
	return true
}

// each calls send with a copy of each message, until it fails.
func (b *buffer) each(send func(message any) error) error {
	start := 0
	for _, m := range b.messages {
		message := m.kind.New().Interface()
		if err := decode(b.encoded[start:m.end], message); err != nil {
			return err
		}
		if err := send(message); err != nil {
			return err
		}
		start = m.end
	}
	return nil
}

// clear releases the memory.
func (b *buffer) clear() { *b = buffer{limit: -1} }

// encodesProto reports whether a call's messages are encoded as protocol buffers, which is gRPC's default.
func encodesProto(options []grpc.CallOption) bool {
	for _, o := range options {
		switch o := o.(type) {
		case grpc.ContentSubtypeCallOption:
			if o.ContentSubtype != "" && o.ContentSubtype != encodingproto.Name {
				return false
			}
		case grpc.ForceCodecCallOption, grpc.ForceCodecV2CallOption, grpc.CustomCodecCallOption:
			return false
		}
	}
	return true
}

// transfer puts a message into another one that it was not decoded into at first.
func transfer(received proto.Message, into any) error {
	var m proto.Message
	switch into := into.(type) {
	case proto.Message:
		m = into
	case protoadapt.MessageV1:
		m = protoadapt.MessageV2Of(into)
	default:
		return status.Errorf(codes.Internal, "alfgrpc: a protocol buffer was received, not a %T", into)
	}
	encoded, err := proto.MarshalOptions{AllowPartial: true}.Marshal(received)
	if err == nil {
		err = decode(encoded, m)
	}
	if err != nil {
		return status.Errorf(codes.Internal, "alfgrpc: failed to unmarshal the received message: %v", err)
	}
	return nil
}

func decode(encoded []byte, into proto.Message) error {
	return proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(encoded, into)
}
