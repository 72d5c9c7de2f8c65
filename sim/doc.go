// Package sim is an authorization server and the API it protects, for tests of a service that depends on them. Expiry,
// revocation, outages and unusual responses, which take hours and luck to meet in production, take milliseconds here:
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
// One [Server] can be reached in three ways, also at once: in memory through its [Server.RoundTripper], which opens no
// socket and starts no goroutine; over a loopback socket of its own after [Server.Start]; and as the http.Handler it
// is, in an httptest.Server or any mux. Its time is that of [Options].Clock: the real clock, a clock.Mock, or, with the
// real clock inside a testing/synctest bubble, the bubble's. A bubble wants the server in memory: synctest does not
// notice that a goroutine waits for a socket. With a clock.Mock nothing happens until it moves, and that includes the
// waits between the attempts of a round: set Policy.Attempts to 1, move the clock from another goroutine, or use a
// bubble, whose time passes by itself.
//
// The token endpoint is at [TokenPath]; every other path is the API. The token endpoint issues tokens for the client
// credentials grant (RFC 6749 section 4.4) and is strict: what the RFC does not allow gets the error of its
// section 5.2. The API takes bearer tokens (RFC 6750) and looks at expiry, revocation and signing key itself.
//
// A client authenticates here by client_secret_basic or client_secret_post, and gets Bearer tokens. Assertions,
// certificates and DPoP are beyond this package: the command "alf demo" has servers that verify them, and the interop
// directory of the repository sets up servers that others wrote.
//
// Nothing here is secure, and nothing is meant to be: tokens can be guessed.
package sim
