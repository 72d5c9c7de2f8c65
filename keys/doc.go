// Package keys has the private keys of a client: they sign its client assertions (RFC 7523) and its DPoP proofs (RFC
// 9449).
//
// A [Func] says where a key comes from and is called at every fetch, so that a key can be replaced without a restart.
// [File] reads one in PEM or as a JSON Web Key; [Signer] takes any crypto.Signer, so that the key itself may stay in an
// HSM or a key management service.
package keys
