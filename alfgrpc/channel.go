package alfgrpc

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/alf-go/alf"
)

// lookup returns the client whose token a call to origin carries.
type lookup func(ctx context.Context, origin string) (*alf.Client, error)

// channel is what the interceptors and the credentials of one channel share. It is safe for concurrent use.
type channel struct {
	settings
	client lookup
	// header and origin are what the latest attempt used. Most channels have one token at a time and one authority, so
	// that an attempt finds here what it needs.
	header atomic.Pointer[header]
	origin atomic.Pointer[origin]
}

func newChannel(client lookup, options []Option) *channel {
	ch := &channel{settings: settings{buffer: defaultBuffer}, client: client}
	for _, o := range options {
		o.apply(&ch.settings)
	}
	return ch
}

func (ch *channel) dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(ch.unary),
		grpc.WithChainStreamInterceptor(ch.stream),
		grpc.WithPerRPCCredentials(&perRPC{channel: ch, watches: new(watches)}),
	}
}

// Format prints the type's name, whatever the verb: what it leads to has tokens.
func (*channel) Format(f fmt.State, _ rune) { io.WriteString(f, "alfgrpc.channel") }

// header is a token as metadata. grpc-go only reads the map that it is given.
type header struct {
	token    *alf.Token
	metadata map[string]string
}

// headerOf returns the metadata of a token.
func (ch *channel) headerOf(tok *alf.Token) map[string]string {
	if h := ch.header.Load(); h != nil && h.token == tok {
		return h.metadata
	}
	h := &header{tok, map[string]string{authorizationKey: tok.Authorization()}}
	ch.header.Store(h)
	return h.metadata
}

// origin is the name of a server to the token manager.
type origin struct {
	prefix string // of the addresses that gRPC passes to credentials, up to the path
	name   string
}

// originOf names the server of a call by the address that gRPC passes to credentials: "https://", the authority without
// the default port, and the service. It is "" if there is none. The scheme is the same without transport security.
func (ch *channel) originOf(uri []string) string {
	if len(uri) == 0 {
		return ""
	}
	const scheme = "https://"
	address := uri[0]
	if !strings.HasPrefix(address, scheme) {
		return ""
	}
	if o := ch.origin.Load(); o != nil && strings.HasPrefix(address, o.prefix) && endsAuthority(address[len(o.prefix):]) {
		return o.name
	}
	authority := address[len(scheme):]
	if end := strings.IndexByte(authority, '/'); end >= 0 {
		authority = authority[:end]
	}
	o := &origin{prefix: scheme + authority, name: scheme + strings.ToLower(withPort(authority))}
	ch.origin.Store(o)
	return o.name
}

func endsAuthority(rest string) bool { return rest == "" || rest[0] == '/' }

// withPort adds gRPC's default port to an authority that has none.
func withPort(authority string) string {
	if _, port, err := net.SplitHostPort(authority); err == nil && port != "" {
		return authority
	}
	host := strings.TrimSuffix(authority, ":")
	return net.JoinHostPort(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), "443")
}
