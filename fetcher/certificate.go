package fetcher

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/files"
)

// CertificateFunc returns the certificate that the client shows in TLS
// handshakes, with its private key (RFC 8705). It is called at every fetch;
// connections are made anew when it returns another one. It may be called
// concurrently, should return when ctx ends, and must not put anything secret
// into its error.
type CertificateFunc func(ctx context.Context) (*tls.Certificate, error)

// Certificate returns a CertificateFunc for a certificate that stays.
func Certificate(certificate tls.Certificate) CertificateFunc {
	return func(context.Context) (*tls.Certificate, error) { return &certificate, nil }
}

// CertificateFiles returns a CertificateFunc that reads a certificate, with
// what chain it needs, and its private key from PEM files, and reads them again
// when they have changed. The two may be one file. While they are not there or
// do not fit together, as in the middle of their being replaced, it returns what
// they were before. It fails, naming the files, if they have never been of use.
func CertificateFiles(certificate, key string) CertificateFunc {
	f := &certificateFiles{certificatePath: certificate, keyPath: key}
	return func(context.Context) (*tls.Certificate, error) { return f.read() }
}

type certificateFiles struct {
	certificatePath, keyPath string

	mu               sync.Mutex
	certificate, key []byte
	held             *tls.Certificate
}

func (f *certificateFiles) read() (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.update(); err != nil && f.held == nil {
		return nil, err
	}
	return f.held, nil
}

func (f *certificateFiles) update() error {
	certificate, err := files.Read(f.certificatePath, maxFile)
	if err != nil {
		return fmt.Errorf("certificate file: %w", err)
	}
	key, err := files.Read(f.keyPath, maxFile)
	if err != nil {
		return fmt.Errorf("certificate's key file: %w", err)
	}
	if f.held != nil && bytes.Equal(certificate, f.certificate) && bytes.Equal(key, f.key) {
		return nil
	}
	if err := files.Encrypted(key); err != nil {
		return fmt.Errorf("certificate's key file: %s: %w", f.keyPath, err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return fmt.Errorf("certificate files %s and %s: %w", f.certificatePath, f.keyPath, err)
	}
	f.certificate, f.key, f.held = certificate, key, &pair
	return nil
}

// end is until when a certificate is valid.
func end(certificate *tls.Certificate) time.Time {
	leaf := certificate.Leaf
	if leaf == nil {
		var err error
		if leaf, err = x509.ParseCertificate(certificate.Certificate[0]); err != nil {
			return time.Time{}
		}
	}
	return leaf.NotAfter
}

// usualLife is how long the manager uses a token whose expiry is not known.
const usualLife = 5 * time.Minute

// earlier is the end of a token's life, or of its certificate's if that comes
// first: a server will refuse the handshake from then on. One that has handed
// out a token for a certificate past its end does not mind that.
func earlier(expiry, end, now time.Time) time.Time {
	last := expiry
	if expiry.IsZero() {
		last = now.Add(usualLife)
	}
	if end.After(now) && end.Before(last) {
		return end
	}
	return expiry
}
