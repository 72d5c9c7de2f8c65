package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
)

// causeOf says why a request has no response of the upstream, in the words of the system or of TLS. An error about what
// the upstream has sent may quote it, and what it has sent may contain a token: that is not said.
func causeOf(err error) string {
	var (
		dns         *net.DNSError
		op          *net.OpError
		certificate *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		name        x509.HostnameError
		record      tls.RecordHeaderError
		alert       tls.AlertError
		network     net.Error
	)
	switch {
	case errors.As(err, &certificate):
		return certificate.Error()
	case errors.As(err, &unknown):
		return unknown.Error()
	case errors.As(err, &name):
		return name.Error()
	case errors.As(err, &record):
		return record.Error()
	case errors.As(err, &alert):
		return alert.Error()
	case errors.As(err, &dns):
		return dns.Error()
	case errors.As(err, &op):
		return op.Error()
	case errors.As(err, &network) && network.Timeout():
		return "the connection, or its TLS handshake, has taken too long"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the upstream has closed the connection before its response"
	}
	return "the upstream's response is none that HTTP knows, or of another version of HTTP"
}
