// Package dpop makes the proofs by which a client shows that it has the key its token is bound to: OAuth 2.0
// Demonstrating Proof of Possession (RFC 9449). Package alf makes them by itself; this package is for requests that
// other code sends:
//
//	prover := &dpop.Prover{Key: keys.File("/run/secrets/dpop.pem")}
//	proof, err := prover.Proof(ctx, time.Now(), req.Method, req.URL, token, prover.Nonce(req.URL))
//	req.Header.Set("Authorization", "DPoP "+token)
//	req.Header.Set("DPoP", proof)
//
// # Sharing a prover
//
// A [Prover] is shared between the code that fetches the token and the code that uses it. It remembers the nonces that
// servers send, one per origin. It holds no lock while it signs.
package dpop
