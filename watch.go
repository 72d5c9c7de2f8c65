package alf

import (
	"context"
	"iter"

	"github.com/alf-go/alf/internal/transport"
)

// Watch returns the current token and then each successor as it is fetched. It is for whatever authenticates once and
// stays connected: a message broker, a database, a websocket, a gRPC stream. A loop over it ends when ctx ends or the
// client is closed, and not before; afterwards, ctx.Err() == nil says that it was the client.
//
//	for token, err := range client.Watch(ctx) {
//		if err != nil {
//			log.Print(err) // an outage that outlasted the token; the token that ends it follows
//			continue
//		}
//		connection.Update(token.Value())
//	}
//
// Of each pair, either the token or the error is nil. A token was usable when it was yielded; its EffectiveExpiry says
// until when it is handed out, and RefreshTime when its successor is fetched. A value that the authorization server
// returns once more is not yielded again. The loop body may take its time: it delays no other watcher and no request,
// and tokens that were fetched meanwhile, except for the newest, are skipped.
//
// Watching is using: while a token has watchers, it is refreshed ahead of time. If there is no token, one is fetched.
// If it is lost in an outage, attempts go on without any request, one after each backoff. Such an outage is yielded
// once, as a *[TokenError].
//
// No goroutine belongs to a watcher, and nothing of it remains when its loop ends, however it ends. The sequence may be
// used more than once and by several goroutines; each loop is a watcher of its own. If a Config.Manager lacks
// Watch(context.Context) iter.Seq2[*Token, error], a loop is given one error that is errors.ErrUnsupported, and ends.
//
// [Client.TokenValidFor] gives a new connection a token that lasts for some time.
func (c *Client) Watch(ctx context.Context) iter.Seq2[*Token, error] {
	return func(yield func(*Token, error) bool) {
		source, ok := c.source.(interface {
			Watch(ctx context.Context) iter.Seq2[*Token, error]
		})
		switch {
		case c.session.Closed():
			return
		case !ok:
			yield(nil, unsupported("Watch"))
			return
		case c.open != nil:
			within, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(c.open, cancel)()
			ctx = within
		}
		for token, err := range source.Watch(ctx) {
			if ctx.Err() != nil {
				return
			}
			if !yield(transport.Validated(ctx, token, err)) {
				return
			}
		}
	}
}
