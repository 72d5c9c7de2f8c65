// Package alf is an HTTP client that gets, keeps and renews its OAuth 2.0 access token by itself, with the client
// credentials grant (RFC 6749 section 4.4).
//
// [New] makes a [Client] from a token endpoint, a client id and a secret. From then on it is used as an ordinary HTTP
// client, from as many goroutines as one likes: the token is fetched before the first request, renewed ahead of its expiry
// behind the callers' backs, and replaced when an API answers 401, whereupon the request is sent once more. When no token
// can be had, the request is not sent.
//
// Code that wants an *http.Client, an http.RoundTripper, an oauth2.TokenSource or gRPC's per-RPC credentials gets them from
// [Client.HTTPClient], [Client.Transport], [Client.TokenSource] and from the Client itself.
//
// A secret is the simplest way for a client to prove who it is, and not the only one: see [AuthStyle] for signed assertions,
// workload identity and mutual TLS, [DPoP] for tokens that nobody else can use, and Config.Issuer for servers that tell their
// endpoints themselves.
//
// The token goes to the origin the caller asked for and nowhere else: not along with a redirect to another one, and not over
// plain http. Secrets and tokens appear in no error, no log and no printed value.
//
// The parts can be had one by one: package manager keeps a token without any HTTP, package fetcher asks a token endpoint
// for one.
package alf
