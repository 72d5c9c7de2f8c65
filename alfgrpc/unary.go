package alfgrpc

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
)

// unary makes a call, and once more with the successor of its token if the server refused that.
func (ch *channel) unary(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
	options ...grpc.CallOption) error {
	c := newCall(ctx, method)
	err := invoke(c, method, req, reply, conn, c.callOptions(options)...)
	if err == nil || !c.refused(err) {
		c.report(err)
		c.done()
		return err
	}
	if err := c.replace(err); err != nil {
		c.done()
		return err
	}
	c = c.again()
	err = invoke(c, method, req, reply, conn, c.callOptions(options)...)
	c.report(err)
	c.done()
	return err
}

// isSuccess reports whether a call that ended with err has succeeded.
func isSuccess(err error) bool { return err == nil || errors.Is(err, io.EOF) }
