package mtls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// Leaf returns the certificate itself, without the chain that is sent along.
func Leaf(c *tls.Certificate) (*x509.Certificate, error) {
	if c.Leaf != nil {
		return c.Leaf, nil
	}
	if len(c.Certificate) == 0 {
		return nil, errors.New("there is no certificate")
	}
	return x509.ParseCertificate(c.Certificate[0])
}

// End is until when a certificate is valid; the zero time if it cannot be read.
func End(c *tls.Certificate) time.Time {
	leaf, err := Leaf(c)
	if err != nil {
		return time.Time{}
	}
	return leaf.NotAfter
}

// usualLife is how long the manager uses a token without an expiry (M7).
const usualLife = 5 * time.Minute

// Expiry is the expiry of a token, zero if it has none, or the end of its certificate if that comes first: a server
// will refuse the handshake from then on. A server that issued a token for a certificate past its end does not check
// that.
func Expiry(expiry time.Time, c *tls.Certificate, now time.Time) time.Time {
	end, last := End(c), expiry
	if expiry.IsZero() {
		last = now.Add(usualLife)
	}
	if end.After(now) && end.Before(last) {
		return end
	}
	return expiry
}
