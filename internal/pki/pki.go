// Package pki makes certificates for servers and clients that run in one process, such as those of a test or of the
// demonstration. They are made in memory, and are gone with the process.
package pki

import (
	"crypto"
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

// Certificates are valid at any time: a clock.Mock begins in 1970, a testing/synctest bubble in 2000, and a test
// may move either by years. The end is that of certificates without a well-defined one (RFC 5280 section 4.1.2.5).
var (
	beginning = time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)
	end       = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// Authority issues certificates. It is safe for concurrent use.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// NewAuthority makes one that no pool has yet.
func NewAuthority(name string) (*Authority, error) {
	made, err := Issue(nil, &x509.Certificate{
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

// ForServer issues a certificate for a server with these host names and IP addresses. None: the loopback address.
func (a *Authority) ForServer(hosts ...string) (*tls.Certificate, error) {
	if len(hosts) == 0 {
		hosts = []string{"127.0.0.1"}
	}
	template := &x509.Certificate{
		Subject:  pkix.Name{CommonName: hosts[0]},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return Issue(a, template)
}

// ForClient issues a certificate for a client of that name. The authority's own comes along in the chain.
func (a *Authority) ForClient(name string) (*tls.Certificate, error) {
	made, err := Issue(a, forClient(name))
	if err != nil {
		return nil, err
	}
	made.Certificate = append(made.Certificate, a.certificate.Raw)
	return made, nil
}

// SelfSigned makes a certificate for a client of that name that no authority has issued.
func SelfSigned(name string) (*tls.Certificate, error) { return Issue(nil, forClient(name)) }

func forClient(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:  pkix.Name{CommonName: name},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// Issue makes a key and a certificate for it like a template, which by signs; nil: the key itself does. Without a
// NotAfter in the template, it is valid at any time.
func Issue(by *Authority, template *x509.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if by == nil {
		by = &Authority{template, key}
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, err
	}
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = beginning, end
	}
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
