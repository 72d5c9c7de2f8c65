package brokers

import (
	"context"

	"github.com/redis/go-redis/v9/auth"

	"github.com/alf-go/alf"
)

// RedisCredentials gives go-redis a token for each connection, and every later one, with which it authenticates the
// connections of its pool again. It is an auth.StreamingCredentialsProvider.
type RedisCredentials struct {
	// Client has the tokens.
	Client *alf.Client
	// User returns the user that a token is for.
	User func(token *alf.Token) string
}

// Subscribe is called once for each connection.
func (r *RedisCredentials) Subscribe(listener auth.CredentialsListener) (auth.Credentials, auth.UnsubscribeFunc, error) {
	ctx, cancel := context.WithCancel(context.Background())
	first, err := r.Client.Token(ctx)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	go func() {
		for token, err := range r.Client.Watch(ctx) {
			// To the listener, an error is a reason to close the connection, which lives on until the server ends it.
			if err == nil && !token.Same(first) {
				listener.OnNext(r.credentials(token))
			}
		}
	}()
	return r.credentials(first), func() error { cancel(); return nil }, nil
}

func (r *RedisCredentials) credentials(token *alf.Token) auth.Credentials {
	return auth.NewBasicCredentials(r.User(token), token.Value())
}
