package alf

import (
	"crypto"
	"crypto/tls"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/keys"
)

// SecretFunc returns the client secret; see [fetcher.SecretFunc].
type SecretFunc = fetcher.SecretFunc

// Secret returns a SecretFunc for a constant secret.
func Secret(value string) SecretFunc { return fetcher.Secret(value) }

// SecretEnv returns a SecretFunc that reads the environment variable name at every fetch. It fails, naming the variable,
// while that is unset or empty.
func SecretEnv(name string) SecretFunc { return fetcher.SecretEnv(name) }

// SecretFile returns a SecretFunc that reads the file at path at every fetch, as mounted secrets are replaced while a
// program runs. Line ends at the end of the file are not part of the secret.
func SecretFile(path string) SecretFunc { return fetcher.SecretFile(path) }

// KeyFunc returns a private key; see [keys.Func].
type KeyFunc = keys.Func

// KeyFile returns a KeyFunc that reads the file at path at every fetch: PEM (PKCS#8, PKCS#1 or SEC 1) or a JSON Web Key with
// its "kid" and "alg".
func KeyFile(path string) KeyFunc { return keys.File(path) }

// KeyFileWithID is [KeyFile] for keys in PEM, which has no room for the "kid" that many servers know a key by.
func KeyFileWithID(path, id string) KeyFunc { return keys.FileWithID(path, id) }

// KeySigner returns a KeyFunc for a key that somebody else holds, such as an HSM or a key management service; id is sent as
// "kid", if it is not empty.
func KeySigner(signer crypto.Signer, id string) KeyFunc { return keys.Signer(signer, id) }

// CertificateFunc returns a client certificate with its private key; see [fetcher.CertificateFunc].
type CertificateFunc = fetcher.CertificateFunc

// Certificate returns a CertificateFunc for a certificate that stays.
func Certificate(certificate tls.Certificate) CertificateFunc {
	return fetcher.Certificate(certificate)
}

// CertificateFiles returns a CertificateFunc that reads a certificate and its key from PEM files, and again when they have
// changed. The two may be one file.
func CertificateFiles(certificate, key string) CertificateFunc {
	return fetcher.CertificateFiles(certificate, key)
}
