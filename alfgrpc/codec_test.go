package alfgrpc_test

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
)

// otherCodec is one that gRPC was given; what it makes of a message is not known.
func otherCodec() encoding.CodecV2 { return codec{encoding.GetCodecV2(proto.Name)} }

type codec struct{ encoding.CodecV2 }
