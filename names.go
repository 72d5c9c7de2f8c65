package alf

import (
	"crypto"
	"crypto/tls"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/manager"
)

// What a user of the client needs of the other packages, so that most programs import this one alone.
type (
	// Token is an access token: immutable, and printed as a redaction; see [manager.Token].
	Token = manager.Token
	// Source is what the client needs of a token manager; see [manager.Source].
	Source = manager.Source
	// Fetcher obtains tokens; one call is one attempt; see [manager.Fetcher].
	Fetcher = manager.Fetcher
	// FetcherFunc makes a [Fetcher] of a function.
	FetcherFunc = manager.FetcherFunc
	// Policy configures the decisions of the token manager; see [manager.Policy].
	Policy = manager.Policy
	// Event is one thing that happened to the token manager; see [manager.Event].
	Event = manager.Event
	// TokenError says that no token is available, and when the next attempt is allowed; see [manager.Error].
	TokenError = manager.Error
	// HeldError is found in a TokenError if no token request was made, because of what others have met; see
	// [manager.HeldError].
	HeldError = manager.HeldError
	// EndpointError is one failed token request, with the endpoint's status and error message; see [fetcher.Error].
	EndpointError = fetcher.Error
	// AuthStyle is how the client authenticates to the token endpoint; see [fetcher.AuthStyle].
	AuthStyle = fetcher.AuthStyle
	// TokenRequest holds the settings of the connection to the token endpoint; see [fetcher.TokenRequest].
	TokenRequest = fetcher.TokenRequest
	// Assertion configures the signed assertions that authenticate the client; see [fetcher.Assertion].
	Assertion = fetcher.Assertion
	// DPoP makes proofs that the client has the key its tokens are bound to (RFC 9449); see [dpop.Prover].
	DPoP = dpop.Prover
)

// The ways of authenticating to the token endpoint. Exactly one is used; no other is tried after a failure.
const (
	// AuthBasic is HTTP Basic with id and secret form-encoded first (RFC 6749 section 2.3.1). It is the default.
	AuthBasic = fetcher.Basic
	// AuthBasicRaw is HTTP Basic with id and secret as they are, for servers that do not decode them.
	AuthBasicRaw = fetcher.BasicRaw
	// AuthPost sends client_id and client_secret in the body.
	AuthPost = fetcher.Post
	// AuthSecretJWT sends an assertion signed with the client secret (RFC 7523); the secret itself is not sent.
	AuthSecretJWT = fetcher.SecretJWT
	// AuthPrivateKeyJWT sends an assertion signed with Assertion.Key (RFC 7523).
	AuthPrivateKeyJWT = fetcher.PrivateKeyJWT
	// AuthExternalAssertion sends an assertion that was made elsewhere, which Assertion.Source reads: a projected
	// service account token, a SPIFFE JWT, the token of a CI job.
	AuthExternalAssertion = fetcher.ExternalAssertion
	// AuthTLS authenticates with Certificate, issued by an authority that the server trusts (RFC 8705 section 2.1).
	AuthTLS = fetcher.TLS
	// AuthSelfSignedTLS authenticates with Certificate, which is registered at the server (RFC 8705 section 2.2).
	AuthSelfSignedTLS = fetcher.SelfSignedTLS
)

// Values of Assertion.Audience with a meaning; any other value is sent as it is.
const (
	// AudienceTokenEndpoint is the address that the token request goes to (RFC 7523 section 3). It is the default.
	AudienceTokenEndpoint = fetcher.AudienceTokenEndpoint
	// AudienceIssuer is Config.Issuer, which draft-ietf-oauth-rfc7523bis requires.
	AudienceIssuer = fetcher.AudienceIssuer
)

// SecretFunc returns the client secret; see [fetcher.SecretFunc].
type SecretFunc = fetcher.SecretFunc

// Secret returns a SecretFunc for a constant secret. One with white space around it is refused by [New].
func Secret(value string) SecretFunc { return fetcher.Secret(value) }

// SecretEnv returns a SecretFunc that reads the environment variable name at every fetch. White space around the value
// is not part of the secret. It fails, naming the variable, while that is unset or empty.
func SecretEnv(name string) SecretFunc { return fetcher.SecretEnv(name) }

// SecretFile returns a SecretFunc that reads the file at path at every fetch, as mounted secrets are replaced while a
// program runs. White space, line ends and a byte order mark around the content are not part of the secret.
func SecretFile(path string) SecretFunc { return fetcher.SecretFile(path) }

// KeyFunc returns a private key; see [keys.Func].
type KeyFunc = keys.Func

// KeyFile returns a KeyFunc that reads the file at path at every fetch: PEM (PKCS#8, PKCS#1 or SEC 1) or a JSON Web Key
// with its "kid" and "alg".
func KeyFile(path string) KeyFunc { return keys.File(path) }

// KeyFileWithID is [KeyFile] for keys in PEM, which has no place for the "kid" by which many servers find a key.
func KeyFileWithID(path, id string) KeyFunc { return keys.FileWithID(path, id) }

// KeySigner returns a KeyFunc for a key that stays elsewhere, such as in an HSM or a key management service; id is sent
// as "kid", if it is not empty.
func KeySigner(signer crypto.Signer, id string) KeyFunc { return keys.Signer(signer, id) }

// CertificateFunc returns a client certificate with its private key; see [fetcher.CertificateFunc].
type CertificateFunc = fetcher.CertificateFunc

// Certificate returns a CertificateFunc for a constant certificate.
func Certificate(certificate tls.Certificate) CertificateFunc {
	return fetcher.Certificate(certificate)
}

// CertificateFile returns a CertificateFunc that reads a certificate without a key, for [Assertion].Certificate.
func CertificateFile(path string) CertificateFunc { return fetcher.CertificateFile(path) }

// CertificateFiles returns a CertificateFunc that reads a certificate and its key from PEM files, and again when they
// have changed. The two may be one file.
func CertificateFiles(certificate, key string) CertificateFunc {
	return fetcher.CertificateFiles(certificate, key)
}
