// Package alf is an HTTP client that manages its own OAuth 2.0 access token, with the client credentials grant (RFC
// 6749 section 4.4).
//
// [New] makes a [Client] from a token endpoint, a client id and a secret. It is then used like any HTTP client, from
// any number of goroutines: the token is fetched before the first request, refreshed ahead of its expiry without any
// request waiting for that, and replaced when an API responds with 401; the request is then sent once more. While no
// token is available, requests are not sent: they fail with an error that says why.
//
// For code that takes an *http.Client, an http.RoundTripper, an oauth2.TokenSource or gRPC's per-RPC credentials there
// are [Client.HTTPClient], [Client.Transport], [Client.TokenSource] and the Client itself. The module
// github.com/alf-go/alf/alfgrpc has the dial options of a gRPC channel.
//
// A secret is the simplest credential of a client, and not the only one: see [AuthStyle] for signed assertions,
// workload identity and mutual TLS, [DPoP] for tokens that are of no use without a key, and Config.Issuer for servers
// that publish their endpoints.
//
// The token goes to the origin that the caller requested and nowhere else: not along with a redirect to another one,
// and not over plain http. Secrets and tokens appear in no error, no log and no printed value.
//
// The parts can be used separately: package manager keeps a token without any HTTP, package fetcher requests one from a
// token endpoint.
package alf
