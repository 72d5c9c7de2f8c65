package main

import (
	"context"
	"net/http"
	"time"
)

// peer is a contestant: one library, or a floor. What it cannot do is nil.
type peer struct {
	name   string
	module string // whose version is told
	// reader returns a loop over the library's own call for the token it holds.
	reader func() func(n int)
	// sender puts the library in front of a transport.
	sender func(base http.RoundTripper) http.RoundTripper
	// source makes what caches the tokens of an endpoint.
	source func(e *endpoint, t tuning) source
}

// source is a token cache as all of them have it. Those without a context in their call ignore it.
type source interface {
	Token(ctx context.Context) (value string, err error)
}

// What some sources can do besides. A Source without any of these is simply not asked.
type (
	carrier interface {
		Transport(base http.RoundTripper) http.RoundTripper
	}
	closer interface{ Close() }
)

// tuning is what a row of the storms sets where a library has a setting for it. Its zero value means the defaults.
type tuning struct {
	early time.Duration // how long before the expiry a refresh begins
}

// The token that every peer holds where tokens are only read.
const cached = "kept-by-every-peer-as-long-as-a-real-opaque-token"

func inAnHour() time.Time { return time.Now().Add(time.Hour) }

// libraries are all contestants but the floors, in the order of the tables.
var libraries = []peer{theClient, xoauth2, cloudAuth, awsCache, smithyCache, azcorePolicy, clientGo}
