// Package keys has the private keys of a client: they sign its client assertions (RFC 7523) and its DPoP proofs (RFC
// 9449).
//
//	keys.File("/run/secrets/key.pem")                  // PEM, or a JSON Web Key
//	keys.FileWithID("/run/secrets/key.pem", "2026-11") // PEM has no place for a kid
//	keys.Signer(hsm, "2026-11")                        // any crypto.Signer
//
// A [Func] says where a key comes from. It is called at every fetch, so that a key can be replaced without a restart.
// With [Signer], the key itself may stay in an HSM or a key management service.
//
// # Algorithms
//
// A [Key] signs with the [Algorithm] that its JSON Web Key names, or else with the usual one for its type. [New] makes
// a Key of any crypto.Signer and algorithm.
package keys
