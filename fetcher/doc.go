// Package fetcher obtains tokens from an OAuth 2.0 token endpoint: the client credentials grant of RFC 6749 section
// 4.4, one attempt per call.
//
//	f, err := fetcher.New(fetcher.Config{
//		TokenURL:     "https://auth.example.com/oauth2/token",
//		ClientID:     "orders",
//		ClientSecret: fetcher.SecretFile("/run/secrets/orders"),
//	})
//	if err != nil {
//		return err
//	}
//	token, err := f.Fetch(ctx)
//
// [New] checks a [Config] as a whole and returns a [Fetcher]; each Fetch is one attempt, and returns an *oauth2.Token
// or an *[Error]. It does not cache and does not wait between attempts: its caller does, as package manager.
//
// # Authentication
//
// The client authenticates in exactly one way, its [AuthStyle]: by a secret (RFC 6749 section 2.3.1), an assertion (RFC
// 7523) or a certificate (RFC 8705). Tokens may be bound to that certificate, or to a key by DPoP (RFC 9449). The
// endpoint is configured, or found in the metadata of its issuer (RFC 8414).
//
// Secrets, keys and certificates are read through a function at every fetch, are never part of an error, and never
// follow a redirect to another host.
//
// # Errors
//
// An [Error] has what a caller needs for its next decision: whether the failure is permanent, how long the server asked
// the client to wait, and whether the credentials were refused.
package fetcher
