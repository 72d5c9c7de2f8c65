// Package certtest makes throw-away certificates for tests.
package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority issues certificates.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// New makes an authority.
func New(tb testing.TB) *Authority {
	tb.Helper()
	template := template("test authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	pair := issue(tb, template, template, nil)
	return &Authority{pair.Leaf, pair.PrivateKey.(crypto.Signer)}
}

// Pool holds the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Issue makes a certificate for a name, for a server on 127.0.0.1 as well as for a client.
func (a *Authority) Issue(tb testing.TB, name string) tls.Certificate {
	tb.Helper()
	return issue(tb, template(name), a.certificate, a.key)
}

// SelfSigned makes a certificate that no authority has issued.
func SelfSigned(tb testing.TB, name string) tls.Certificate {
	tb.Helper()
	template := template(name)
	return issue(tb, template, template, nil)
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

func template(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
}

// issue signs template by parent's key; nil: by its own.
func issue(tb testing.TB, template, parent *x509.Certificate, signer crypto.Signer) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		tb.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
