package check

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"time"
)

// soon is when a certificate that still holds is worth a word.
const soon = 14 * 24 * time.Hour

// nameOf is a subject's shortest useful name.
func nameOf(name pkix.Name) string {
	switch {
	case name.CommonName != "":
		return name.CommonName
	case name.String() != "":
		return name.String()
	}
	return "(no name)"
}

// ownerOf names the host that a server's certificate is for.
func ownerOf(certificate *x509.Certificate) string {
	if len(certificate.DNSNames) > 0 {
		return certificate.DNSNames[0]
	}
	return nameOf(certificate.Subject)
}

// thumbprint is how a token names the certificate it is bound to (RFC 8705 section 3.1).
func thumbprint(certificate *tls.Certificate) string {
	sum := sha256.Sum256(certificate.Certificate[0])
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
