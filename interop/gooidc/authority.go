package gooidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"time"
)

// authority issues certificates.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

func newAuthority() (*authority, error) {
	own, err := selfSigned("the lab's authority", true)
	if err != nil {
		return nil, err
	}
	return &authority{own.PrivateKey.(*ecdsa.PrivateKey), own.Leaf}, nil
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// server issues a certificate for 127.0.0.1.
func (a *authority) server() (*tls.Certificate, error) {
	template := newTemplate("127.0.0.1")
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	return issue(template, a.certificate, a.key)
}

// client issues a certificate with this common name.
func (a *authority) client(name string) (*tls.Certificate, error) {
	return issue(newTemplate(name), a.certificate, a.key)
}

// selfSigned makes a certificate that no authority signed, or an authority.
func selfSigned(name string, authority bool) (*tls.Certificate, error) {
	template := newTemplate(name)
	template.IsCA, template.BasicConstraintsValid = authority, authority
	if authority {
		template.KeyUsage |= x509.KeyUsageCertSign
	}
	return issue(template, nil, nil)
}

func newTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetUint64(uint64(time.Now().UnixNano())),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func issue(template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if parent == nil {
		parent, by = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}, nil
}
