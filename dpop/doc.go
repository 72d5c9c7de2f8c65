// Package dpop makes the proofs by which a client shows that it has the key its token is bound to: OAuth 2.0
// Demonstrating Proof of Possession (RFC 9449).
//
// A [Prover] is shared between the code that fetches the token and the code that uses it. It remembers the nonces that
// servers send, one per origin. It holds no lock while it signs.
package dpop
