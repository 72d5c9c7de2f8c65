package alfgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/alf-go/alf"
)

// DialOptions returns the options of a channel whose calls carry the client's token: a unary and a stream interceptor,
// and per-RPC credentials. They are several because grpc-go has no exported way to join options into one. Append them
// to the other options of grpc.NewClient, as the last: the interceptors are then the innermost, and of several
// credentials that are dial options grpc-go sends the authorization of the last. A caller's own authorization, in the
// metadata of the context or by a call option, is not sent.
//
// A channel without transport security is refused by grpc.NewClient, or cannot be connected, unless [AllowPlaintext] is
// among the options. Config.Origins of the client is checked against the authority of each call:
// "https://host:port". Do not use the client itself as credentials of the same channel.
//
// A client with Config.DPoP cannot be used: gRPC has no place for its proofs, so each call fails with an error that
// says so. The client is not closed with the channel. Close the channel first, or its calls fail.
func DialOptions(client *alf.Client, options ...Option) []grpc.DialOption {
	return newChannel(constant(client), options).dialOptions()
}

// PoolDialOptions is [DialOptions] for a pool: each call carries the token of the target that its context names
// ([alf.WithTarget]), or that PoolConfig.Origins names for the authority of the call, or of the zero Target.
// Client-side health checks, whose context is not the caller's, carry that of the authority or of the zero Target. For
// a channel that needs one target only, use DialOptions with the pool's client of the target.
func PoolDialOptions(pool *alf.Pool, options ...Option) []grpc.DialOption {
	lookUp := pool.ClientFor
	if pool == nil {
		lookUp = constant(nil)
	}
	return newChannel(lookUp, options).dialOptions()
}

// Credentials returns per-RPC credentials that add the client's token to each attempt, for code that takes such. Where
// dial options are possible, use [DialOptions]: these learn of no refusal, so nothing is sent again, and a revoked
// token stays until its refresh. Their errors are those of DialOptions. They are safe for concurrent use.
func Credentials(client *alf.Client, options ...Option) credentials.PerRPCCredentials {
	return &perRPC{channel: newChannel(constant(client), options)}
}

func constant(client *alf.Client) lookup {
	return func(context.Context, string) (*alf.Client, error) {
		if client == nil {
			return nil, errNoClient
		}
		return client, nil
	}
}

// An Option changes a default.
type Option interface{ apply(*settings) }

type optionFunc func(*settings)

func (f optionFunc) apply(s *settings) { f(s) }

// settings are the options of a channel.
type settings struct {
	plaintext bool
	buffer    int
}

// defaultBuffer is as much as grpc-go keeps for its own retries (grpc.MaxRetryRPCBufferSize).
const defaultBuffer = 256 << 10

// AllowPlaintext lets the token go over connections without transport security, where every machine on the way can read
// it: for servers on this machine, and for a service mesh that encrypts by itself. Config.AllowHTTP does not apply to
// gRPC.
func AllowPlaintext() Option { return optionFunc(func(s *settings) { s.plaintext = true }) }

// ReplayBuffer sets how many bytes of the messages that a call has streamed to the server are kept, until something is
// received, for sending them again. A stream that sends more is not sent again. Each message counts with the 5 bytes
// that gRPC puts before it. 0 keeps none. The default is 256 KiB for each call, as much as grpc-go keeps for its own
// retries. The one request of a call that streams from the server only is kept up to 4 MiB, whatever the buffer.
func ReplayBuffer(bytes int) Option {
	return optionFunc(func(s *settings) { s.buffer = max(bytes, 0) })
}
