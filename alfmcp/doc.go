// Package alfmcp lets a client of the Model Context Protocol that uses the official Go SDK
// (github.com/modelcontextprotocol/go-sdk) authenticate as a machine, by OAuth 2.0 client credentials: the extension
// io.modelcontextprotocol/oauth-client-credentials (SEP-1046), with protected resource metadata (RFC 9728) and resource
// indicators (RFC 8707).
//
//	access, err := alfmcp.New(ctx, "https://mcp.example.com/mcp", alf.Config{
//		Issuer: "https://auth.example.com", ClientID: "agent", ClientSecret: alf.SecretEnv("AGENT_SECRET"),
//	})
//	...
//	defer access.Close()
//	session, err := mcp.NewClient(agent, alfmcp.Announce(nil)).Connect(ctx, access.Transport(), nil)
//
// [New] is all that most programs need: [Access.Transport] is a transport of the SDK for that server, whose every
// request carries the token.
//
// # Where the token is added
//
// Tokens, and the retry after a 401, are beneath the SDK, in the HTTPClient of its transport. Its OAuthHandler has no
// part in the request that opens the stream of events, runs under a lock of the connection, and cannot use a DPoP proof
// or a certificate. [Access.OAuthHandler] is for programs that need one all the same.
//
// All calls that are refused together cause one fetch of a token (M3), and are sent again once (C3). A 401 or 403 that
// remains would end the SDK's session for good. Here it reaches the SDK as an error of the one call: a [RefusedError],
// which has the response. So does a call without a token, whose error is an *[alf.TokenError].
//
// # Streams of events
//
// Up to protocol version 2025-11-25, a stream of events is open beside the calls. A server does not end it when its
// token expires. If it breaks, the SDK opens it again, and has the server replay what was missed if the server can. The
// SDK gives up, and ends the session, after five attempts within about 20 s. So where no token is available for a
// while, the attempt waits here until there is one. From version 2026-07-28 on, a server sends events in the response
// to a POST (subscriptions/listen). The SDK does not open it again and reports no error; [Access.StreamEnded] says that
// one has ended, so that the program can subscribe again.
//
// # What the server decides
//
// The document of the server (RFC 9728) decides the resource that the token is requested for, and nothing else. Where
// the secret is sent, is decided by Issuer or TokenURL of the configuration alone; if the document names other
// authorization servers, [New] fails.
package alfmcp
