// Package grpc has the interceptor that docs/grpc.md shows, so that it is compiled and tested with grpc-go.
package grpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
)

// Authorized adds the token to every call, and makes a call again, once, with the successor if the server refused the
// token.
func Authorized(client *alf.Client, api string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
		opts ...grpc.CallOption) error {
		call := func(tok *alf.Token) error {
			authorized := metadata.AppendToOutgoingContext(ctx, "authorization", tok.Authorization())
			return invoke(authorized, method, req, reply, conn, opts...)
		}
		tok, err := client.Token(ctx)
		if err != nil {
			return err
		}
		refused := call(tok)
		if status.Code(refused) != codes.Unauthenticated {
			return refused
		}
		next, err := client.Replace(ctx, tok, api+method)
		if err != nil || next.Same(tok) {
			return refused
		}
		return call(next)
	}
}
