package fetcher

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"sync"

	"github.com/alf-go/alf/internal/files"
)

// CertificateFunc returns a certificate of the client. That of Config.Certificate has its private key and is presented
// in TLS handshakes (RFC 8705): when the function returns another certificate, new connections are made. That of
// Assertion.Certificate is named by assertions, and is not presented. The function is called at every fetch. It may be
// called concurrently, should return when ctx ends, and must not put anything secret into its error.
type CertificateFunc func(ctx context.Context) (*tls.Certificate, error)

// Certificate returns a CertificateFunc for a constant certificate.
func Certificate(certificate tls.Certificate) CertificateFunc {
	return func(context.Context) (*tls.Certificate, error) { return &certificate, nil }
}

// CertificateFiles returns a CertificateFunc that reads a certificate, with the chain it needs, and its private key
// from PEM files, and reads them again when they have changed. The two may be one file. While they are absent or do not
// belong together, as in the middle of being replaced, it returns the previous ones. It fails, naming the files, if
// they have never been usable.
func CertificateFiles(certificate, key string) CertificateFunc {
	f := &certificateFiles{certificatePath: certificate, keyPath: key}
	return f.read
}

// CertificateFile returns a CertificateFunc that reads a certificate, with its chain, from a PEM file, without a
// private key: for [Assertion].Certificate, whose key may be kept elsewhere. It fails, naming the file, if that has no
// certificate.
func CertificateFile(path string) CertificateFunc {
	return func(ctx context.Context) (*tls.Certificate, error) {
		content, err := files.ReadInput(ctx, path, maxFile)
		if err != nil {
			return nil, fmt.Errorf("certificate file: %w", err)
		}
		chain := new(tls.Certificate)
		for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
			if block.Type == "CERTIFICATE" {
				chain.Certificate = append(chain.Certificate, block.Bytes)
			}
		}
		if !hasCertificate(chain) {
			return nil, fmt.Errorf("certificate file: %s has no certificate: use PEM", path)
		}
		return chain, nil
	}
}

type certificateFiles struct {
	certificatePath, keyPath string

	mu sync.Mutex
	// certificate and key are the files' content that current was made from.
	certificate, key []byte
	current          *tls.Certificate
}

func (f *certificateFiles) read(ctx context.Context) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.update(ctx); err != nil && f.current == nil {
		return nil, err
	}
	return f.current, nil
}

func (f *certificateFiles) update(ctx context.Context) error {
	certificate, err := files.ReadInput(ctx, f.certificatePath, maxFile)
	if err != nil {
		return fmt.Errorf("certificate file: %w", err)
	}
	key, err := files.ReadInput(ctx, f.keyPath, maxFile)
	if err != nil {
		return fmt.Errorf("certificate's key file: %w", err)
	}
	if f.current != nil && bytes.Equal(certificate, f.certificate) && bytes.Equal(key, f.key) {
		return nil
	}
	if err := files.Encrypted(key); err != nil {
		return fmt.Errorf("certificate's key file: %s: %w", f.keyPath, err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return fmt.Errorf("certificate files %s and %s: %w", f.certificatePath, f.keyPath, err)
	}
	f.certificate, f.key, f.current = certificate, key, &pair
	return nil
}

func hasCertificate(c *tls.Certificate) bool { return c != nil && len(c.Certificate) > 0 }
