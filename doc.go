// Package alf is an HTTP client that manages its own OAuth 2.0 access token, with the client credentials grant (RFC
// 6749 section 4.4). It is used like any HTTP client, from any number of goroutines:
//
//	client, err := alf.New(alf.Config{
//		TokenURL:     "https://auth.example.com/oauth2/token",
//		ClientID:     "orders",
//		ClientSecret: alf.SecretFile("/run/secrets/orders"),
//	})
//	if err != nil {
//		return err // names every setting that makes no sense, and the remedy
//	}
//	defer client.Close()
//	resp, err := client.GetContext(ctx, "https://stock.example.com/items/42")
//
// The token is fetched before the first request, refreshed ahead of its expiry without any request waiting for that,
// and replaced when an API responds with 401; the request is then sent once more. While no token is available, requests
// are not sent: they fail with an error that says why.
//
// # Ways to use it
//
// [Client] has the verbs of HTTP, and [Client.JSON]. Code that takes an *http.Client, an http.RoundTripper, an
// oauth2.TokenSource or gRPC's per-RPC credentials gets [Client.HTTPClient], [Client.Transport], [Client.TokenSource]
// or the Client itself; the module github.com/alf-go/alf/alfgrpc has the dial options of a gRPC channel. For everything
// else there is [Client.Token], and for connections that stay open [Client.Watch] and [Client.TokenValidFor].
//
// One client has one token. A [Pool] has one for each audience, scope or tenant. Clients of the same authorization
// server share a [TokenEndpoint], and processes share a token through Config.Store.
//
// # Authentication
//
// A secret is the simplest credential of a client, and not the only one: [AuthStyle] lists signed assertions, workload
// identity and mutual TLS. [DPoP] binds tokens to a key, so that they are of no use without it. Config.Issuer is for
// servers that publish their endpoints. The page docs/authentication.md of the repository says which one to take.
//
// # Errors
//
// errors.As finds a *[TokenError] in the error of a request that had no token: it says whether an operator has to
// repair something, and when the next attempt is allowed. Within it, a *[EndpointError] has what the endpoint said.
// errors.Is finds [ErrRefused] if the token must not go to where the request goes, [ErrSuppressed] if a rejected token
// stays in use, and [ErrClosed]. [WithTrace] reports what happened to one request, Config.Hook and Config.Logger all
// that happens to the token, and [Client.Stats] counts it.
//
// # What is kept secret
//
// The token goes to the origin that the caller requested and nowhere else: not along with a redirect to another one,
// and not over plain http. Secrets and tokens appear in no error, no log and no printed value.
//
// # The parts
//
// They can be used separately: package manager keeps a token without any HTTP, package fetcher requests one from a
// token endpoint. Package sim is an authorization server for the tests of what uses the client.
package alf
