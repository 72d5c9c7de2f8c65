package redisstore

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// schemes are those of the URLs that Open accepts.
var schemes = []string{"redis", "rediss", "unix"}

// Open returns a store for the server at a URL, with a client of its own that Close closes:
//
//	redis://USER:PASSWORD@HOST:PORT/DATABASE
//	rediss://...      over TLS
//	unix:///PATH?db=N over a Unix socket
//
// Query parameters are options of go-redis, such as pool_size=4; see [redis.ParseURL]. The client tries nothing again,
// since a store that fails is used again soon, gives up a connection after a second, and has two connections as a
// rule. An error names what is wrong with the URL, and shows neither its user nor its password. Open does not connect;
// see [Store.Check].
func Open(address string, options ...Option) (*Store, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("not a URL: use redis://HOST:PORT, rediss://HOST:PORT for TLS, or unix:///PATH")
	}
	if !slices.Contains(schemes, parsed.Scheme) {
		return nil, fmt.Errorf("the scheme %q is not known: use %s", parsed.Scheme, strings.Join(schemes, "://, ")+"://")
	}
	if parsed.Scheme != "unix" && parsed.Hostname() == "" {
		return nil, errors.New("there is no host: use redis://HOST:PORT")
	}
	set, err := redis.ParseURL(address)
	if err != nil {
		return nil, fmt.Errorf("%s: see the address and its query parameters", hideAddress(err, address, parsed))
	}
	set.ContextTimeoutEnabled = true
	query := parsed.Query()
	unlessSet := func(parameter string, apply func()) {
		if !query.Has(parameter) {
			apply()
		}
	}
	unlessSet("max_retries", func() { set.MaxRetries = -1 })
	set.DialerRetries = 1
	unlessSet("dial_timeout", func() { set.DialTimeout = time.Second })
	unlessSet("read_timeout", func() { set.ReadTimeout = time.Second })
	unlessSet("write_timeout", func() { set.WriteTimeout = time.Second })
	unlessSet("pool_size", func() { set.PoolSize = 4 })
	client := redis.NewClient(set)
	s, err := build(client, options)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	s.owned = client
	return s, nil
}

// hideAddress is what an error says, without the parts of the address that are secret.
func hideAddress(err error, address string, parsed *url.URL) string {
	text := strings.TrimPrefix(err.Error(), "redis: ")
	hide := []string{address}
	if parsed.User != nil {
		hide = append(hide, parsed.User.String())
		if password, set := parsed.User.Password(); set && password != "" {
			hide = append(hide, password)
		}
	}
	for _, secret := range hide {
		text = strings.ReplaceAll(text, secret, "...")
	}
	return text
}
