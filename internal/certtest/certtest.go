// Package certtest makes throw-away certificates for tests.
package certtest

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alf-go/alf/internal/pki"
)

// Authority issues certificates.
type Authority struct{ *pki.Authority }

// New makes an authority.
func New(tb testing.TB) *Authority {
	tb.Helper()
	made, err := pki.NewAuthority("test authority")
	if err != nil {
		tb.Fatal(err)
	}
	return &Authority{made}
}

// Issue makes a certificate for a name, for a server on 127.0.0.1 as well as for a client. It is valid for a day.
func (a *Authority) Issue(tb testing.TB, name string) tls.Certificate {
	tb.Helper()
	return issue(tb, a.Authority, name)
}

// SelfSigned makes such a certificate that no authority has issued.
func SelfSigned(tb testing.TB, name string) tls.Certificate {
	tb.Helper()
	return issue(tb, nil, name)
}

func issue(tb testing.TB, by *pki.Authority, name string) tls.Certificate {
	tb.Helper()
	made, err := pki.Issue(by, &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return *made
}

// Write stores a certificate and its key in PEM, in two files of a folder.
func Write(tb testing.TB, dir string, certificate tls.Certificate) (certificatePath, keyPath string) {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		tb.Fatal(err)
	}
	certificatePath, keyPath = filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key")
	for path, block := range map[string]*pem.Block{
		certificatePath: {Type: "CERTIFICATE", Bytes: certificate.Certificate[0]},
		keyPath:         {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return certificatePath, keyPath
}
