package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
)

// causeOf says why a request has no response of the upstream, as the system or TLS puts it. An error about what
// the upstream has sent may quote it, and what it has sent may contain a token: that is not said.
func causeOf(err error) string {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		op          *net.OpError // of TCP, DNS, or an alert of TLS
		network     net.Error
	)
	switch {
	case errors.As(err, &certificate):
		return certificate.Error()
	case errors.As(err, &record):
		return record.Error()
	case errors.As(err, &op):
		return op.Error()
	case errors.As(err, &network) && network.Timeout():
		return "the connection, or its TLS handshake, has taken too long"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the upstream has closed the connection before its response"
	}
	return "the upstream's response is none that HTTP knows, or of another version of HTTP"
}
