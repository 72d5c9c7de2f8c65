// Package alfgrpc adds the token of an [alf.Client] to the calls of a gRPC channel (google.golang.org/grpc), and makes
// a call again, once, with the successor of its token if the server refused that as UNAUTHENTICATED.
//
//	options := append(yourOptions, alfgrpc.DialOptions(client)...)
//	conn, err := grpc.NewClient("dns:///orders.example.com:443", options...)
//
// [DialOptions] is all that most programs need. [PoolDialOptions] is for the tokens of an [alf.Pool], and [Credentials]
// for code that takes per-RPC credentials; those see no refusal, so that nothing is sent again.
//
// # What is sent again
//
// Unary calls; calls that stream from the server, until its first message; calls that stream to it, or both ways, while
// what was sent fits into the buffer ([ReplayBuffer]) and nothing was received. The messages are sent again from a copy
// that was encoded when they were sent. A stream that cannot be repeated any more, or that is refused midway, ends with
// the server's UNAUTHENTICATED; its token is replaced, so that the next call succeeds. The second refusal of a call is
// returned as it is. Which refusals lead to a token request is decided by rule M13 of the client: a server that refuses
// every token does not flood the token endpoint.
//
// The token is added to each attempt, so that those of gRPC's own retry policy get the current one, and so do
// client-side health checks, which are made beneath the interceptors.
//
// # Errors
//
// A call without a token is not sent. Its code is Unavailable if the failure is transient, Unauthenticated if something
// has to be repaired first, and that of the caller's context if that has ended; errors.As finds the *[alf.TokenError].
// The error of a call whose refusal led to no token request is the server's; errors.Is finds [alf.ErrSuppressed] in it.
// No error contains a token or a secret.
package alfgrpc
