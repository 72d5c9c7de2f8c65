package oidcprovider

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// certificate is a certificate and its key.
type certificate struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// issue makes a certificate of template, signed by issuer; nil: by itself.
func issue(template x509.Certificate, issuer *certificate) (*certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	if issuer == nil {
		issuer = &certificate{Certificate: &template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, issuer.Certificate, key.Public(), issuer.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	return &certificate{Certificate: parsed, key: key}, err
}

// newAuthority makes a certificate that signs others.
func newAuthority() (*certificate, error) {
	return issue(x509.Certificate{
		Subject:  pkix.Name{CommonName: "alf interop authority"},
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}, nil)
}

// server makes a certificate for servers on 127.0.0.1.
func (c *certificate) server() (*certificate, error) {
	return issue(x509.Certificate{
		Subject:     pkix.Name{CommonName: "alf interop server"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, c)
}

// client makes a certificate for a client; nil: it signs it itself.
func (c *certificate) client(name string) (*certificate, error) {
	return issue(x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		DNSNames:    []string{name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, c)
}

// certPEM is the certificate alone.
func (c *certificate) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// keyPEM is the key alone.
func (c *certificate) keyPEM() ([]byte, error) { return pkcs8(c.key) }

// bothPEM is both: one file, so that it is replaced in one step.
func (c *certificate) bothPEM() ([]byte, error) {
	key, err := c.keyPEM()
	return bytes.Join([][]byte{c.certPEM(), key}, nil), err
}

func pkcs8(key crypto.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}
