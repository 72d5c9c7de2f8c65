// Package sim is an authorization server and the APIs it protects, for tests of a service that depends on them. Expiry,
// revocation, outages and unusual responses, which take hours and luck to meet in production, take milliseconds here.
//
// # Production configurations
//
// [Server.Configure] leads a configuration of production here, and registers its client:
//
//	server := sim.New(sim.Options{})
//	cfg, err := server.Configure(productionConfig())
//	require.NoError(t, err)
//	client, err := alf.New(cfg)
//	require.NoError(t, err)
//
// It serves every authentication style of alf, TokenURL and Issuer, DPoP and certificates; see the examples of
// [Server.Configure], one for each kind of credentials. [Server.ConfigurePool] and [Server.NewTokenEndpoint] are the
// same for pools and shared endpoints, [Server.ClientCertificate] and [Server.WorkloadIdentity] make credentials that a
// test cannot have, and [Server.Register] says the rest: several keys, limited scopes.
//
// # A test in a bubble
//
//	func TestOrdersOutliveTheirToken(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			server := sim.New(sim.Options{Lifetime: time.Hour})
//			client, err := alf.New(server.Config())
//			require.NoError(t, err)
//			defer client.Close()
//			orders := Orders{client.HTTPClient(), server.APIURL()} // your service
//
//			require.NoError(t, orders.Place(t.Context(), "tea"))
//			time.Sleep(3 * time.Hour) // of the bubble's time: no token lives that long
//			require.NoError(t, orders.Place(t.Context(), "more tea"))
//			require.Zero(t, server.Stats().Unauthorized) // refreshed, not rejected
//
//			server.Revoke()
//			require.NoError(t, orders.Place(t.Context(), "even more tea"))
//			require.Equal(t, 1, server.Stats().Unauthorized) // rejected once, and retried
//		})
//	}
//
// # Three ways to reach it
//
// One [Server] can be reached in three ways, also at once: in memory through its [Server.RoundTripper], which opens no
// socket and starts no goroutine; over a loopback socket of its own after [Server.Start]; and as the http.Handler it
// is, in an httptest.Server or any mux. Its time is that of [Options].Clock: the real clock, a clock.Mock, or, with the
// real clock inside a testing/synctest bubble, the bubble's. A bubble wants the server in memory: synctest does not
// notice that a goroutine waits for a socket. With a clock.Mock nothing happens until it moves, and that includes the
// waits between the attempts of a round: set Policy.Attempts to 1, move the clock from another goroutine, or use a
// bubble, whose time passes by itself.
//
// # What it verifies
//
// The token endpoint is at [TokenPath], and at the TokenURL of each configuration. It issues tokens for the client
// credentials grant (RFC 6749 section 4.4) and is strict: what the RFC does not allow gets the error of its section
// 5.2. A client that was registered has to authenticate in the way it is registered for: by a secret, an assertion (RFC
// 7523) or a certificate (RFC 8705). One that was only added, or is any client of a server that knows none, sends a
// secret in the header or in the body.
//
// Tokens are opaque, or JSON Web Tokens (RFC 9068) with [Options].JWT, whose keys are at [JWKSPath]. They are bound to
// the certificate of the connection and to the key of the DPoP proof (RFC 9449) that they were requested with.
// [Options].NonceLifetime makes both servers want nonces. The metadata (RFC 8414, OpenID Connect Discovery) are where
// clients look for them, and tokens can be introspected (RFC 7662) at [IntrospectionPath].
//
// Every other path is the API. It takes Bearer and DPoP tokens (RFC 6750, RFC 9449 section 7) and looks at expiry,
// revocation, signing key and binding itself.
//
// Nothing here is secure, and nothing is meant to be: tokens can be guessed.
package sim
