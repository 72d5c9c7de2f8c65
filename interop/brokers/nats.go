package brokers

import (
	"context"
	"log"
	"sync/atomic"

	"github.com/nats-io/nats.go"

	"github.com/alf-go/alf"
)

// ConnectNATS connects to a NATS server that takes tokens. The connection ends with ctx.
//
// A NATS client authenticates when it connects, and connects again by itself whenever the server has closed the
// connection, as it does with one whose token has expired. The handler is called on the way, under the connection's
// lock, so it must not wait: it returns the newest token, which a loop of its own keeps.
func ConnectNATS(ctx context.Context, client *alf.Client, address string) (*nats.Conn, error) {
	first, err := client.Token(ctx)
	if err != nil {
		return nil, err
	}
	var newest atomic.Pointer[alf.Token]
	newest.Store(first)
	conn, err := nats.Connect(address,
		nats.TokenHandler(func() string { return newest.Load().Value() }),
		nats.MaxReconnects(-1),
		// Without it, the second refusal in a row ends the connection for good, in an outage that outlasts the token.
		nats.IgnoreAuthErrorAbort(),
	)
	if err != nil {
		return nil, err
	}
	go func() {
		defer conn.Close()
		for token, err := range client.Watch(ctx) {
			if err != nil {
				log.Printf("NATS: the connection may end with its token: %v", err)
				continue
			}
			newest.Store(token)
		}
	}()
	return conn, nil
}
