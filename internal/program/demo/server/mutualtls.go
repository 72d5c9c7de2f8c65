package server

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
)

// IssuedCertificate is a client that shows a certificate which an authority issued (RFC 8705 section 2.1).
type IssuedCertificate struct {
	Authorities *x509.CertPool
	// Subject is the distinguished name in it.
	Subject string
}

// PinnedCertificate is a client that shows a certificate which the server has on record (RFC 8705 section 2.2).
type PinnedCertificate struct {
	// Thumbprint is the certificate's [Thumbprint].
	Thumbprint string
}

var errNoCertificate = errors.New("the connection shows no certificate")

func (IssuedCertificate) name() string { return "tls_client_auth" }

func (m IssuedCertificate) refuse(r *http.Request, a *Auth) error {
	chain := shownChain(r)
	switch {
	case len(chain) == 0:
		return errNoCertificate
	case !a.names(r):
		return errOther
	}
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: m.Authorities, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return err
	}
	if subject := chain[0].Subject.String(); subject != m.Subject {
		return fmt.Errorf("the certificate is that of %q", subject)
	}
	return nil
}

func (PinnedCertificate) name() string { return "self_signed_tls_client_auth" }

func (m PinnedCertificate) refuse(r *http.Request, a *Auth) error {
	switch shown := shownCertificate(r); {
	case shown == "":
		return errNoCertificate
	case !a.names(r):
		return errOther
	case shown != m.Thumbprint:
		return errors.New("the certificate is not the one on record")
	}
	return nil
}

// mutualTLS has a listener show a certificate, and ask every client for one. It takes any: a client that is refused
// should learn so by a response, and not by a connection that breaks. The handshake shows that the client holds the
// key.
func mutualTLS(certificate *tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{*certificate}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS13,
	}
}

func shownChain(r *http.Request) []*x509.Certificate {
	if r.TLS == nil {
		return nil
	}
	return r.TLS.PeerCertificates
}

// shownCertificate is the thumbprint of the certificate that a request's connection shows; "" for none.
func shownCertificate(r *http.Request) string {
	if chain := shownChain(r); len(chain) > 0 {
		return Thumbprint(chain[0])
	}
	return ""
}

// Thumbprint is by what a token names the certificate it is bound to: x5t#S256 (RFC 8705 section 3.1).
func Thumbprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
