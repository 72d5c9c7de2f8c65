package sim

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alf-go/alf"
)

var errNoCertificate = errors.New("the connection presents no certificate")

// checkCertificate says why the certificate of a connection does not authenticate the client; nil: it does. The
// handshake is the proof that the client has the key.
func (s *Server) checkCertificate(r *http.Request, c client) error {
	chain := presentedChain(r)
	if len(chain) == 0 {
		return errNoCertificate
	}
	if c.registered.AuthStyle == alf.AuthSelfSignedTLS {
		if thumbprint(chain[0]) != thumbprint(c.registered.Certificate) {
			return errors.New("the certificate is not the one on record")
		}
		return nil
	}
	if err := verifyChain(chain, c.registered.Authorities, s.clock.Now()); err != nil {
		return err
	}
	if subject := chain[0].Subject.String(); subject != c.registered.SubjectDN {
		return fmt.Errorf("the certificate is that of %q", subject)
	}
	return nil
}

// verifyChain is about the issuer, the purpose and the end of a certificate, not about its beginning.
func verifyChain(chain []*x509.Certificate, authorities *x509.CertPool, now time.Time) error {
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	for _, certificate := range chain {
		if now.Before(certificate.NotBefore) {
			now = certificate.NotBefore
		}
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: authorities, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

func presentedChain(r *http.Request) []*x509.Certificate {
	if r.TLS == nil {
		return nil
	}
	return r.TLS.PeerCertificates
}

// presentedCertificate is the thumbprint of the certificate that a request's connection presents; "" for none.
func presentedCertificate(r *http.Request) string {
	if chain := presentedChain(r); len(chain) > 0 {
		return thumbprint(chain[0])
	}
	return ""
}

// thumbprint is by what a token names the certificate it is bound to: x5t#S256 (RFC 8705 section 3.1).
func thumbprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
