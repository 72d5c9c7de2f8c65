// Package dpop makes the proofs by which a client shows that it holds the key its token is bound to: OAuth 2.0 Demonstrating
// Proof of Possession (RFC 9449).
//
// A [Prover] is shared between whoever asks for the token and whoever uses it. It remembers the nonces that servers hand out,
// one per origin, and signs on the goroutine of whoever wants a proof, under no lock.
package dpop
