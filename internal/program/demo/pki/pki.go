// Package pki makes the certificates of the demonstration. They are made in memory when it starts and are gone with it.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"time"
)

// life is that of every certificate: longer than any demonstration, and short because there is no reason for more.
const life = time.Hour

// Authority issues certificates.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// NewAuthority makes one that no pool has yet.
func NewAuthority(name string) (*Authority, error) {
	made, err := issue(nil, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	if err != nil {
		return nil, err
	}
	return &Authority{made.Leaf, made.PrivateKey.(crypto.Signer)}, nil
}

// Pool is what a party that trusts the authority, and no other, verifies by.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// ForServer issues a certificate for a server on the loopback address.
func (a *Authority) ForServer() (*tls.Certificate, error) {
	return issue(a, &x509.Certificate{
		Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// ForClient issues a certificate for a client of that name.
func (a *Authority) ForClient(name string) (*tls.Certificate, error) {
	return issue(a, forClient(name))
}

// SelfSigned makes a certificate for a client of that name that no authority has issued.
func SelfSigned(name string) (*tls.Certificate, error) { return issue(nil, forClient(name)) }

func forClient(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:  pkix.Name{CommonName: name},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// issue makes a key and a certificate for it, which by signs; nil: the key itself does.
func issue(by *Authority, template *x509.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if by == nil {
		by = &Authority{template, key}
	}
	now := time.Now()
	// From a minute ago: the clock may be set back.
	template.NotBefore, template.NotAfter = now.Add(-time.Minute), now.Add(life)
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
