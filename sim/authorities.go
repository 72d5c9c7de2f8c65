package sim

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"sync"

	"github.com/alf-go/alf/internal/pki"
)

// authorities issue the certificates of one Server: those that it presents, and those for clients. They are made when
// they are needed.
type authorities struct {
	servers, clients func() *pki.Authority

	mu     sync.Mutex
	issued map[string]*tls.Certificate // to the server, by host
}

func newAuthorities() *authorities {
	authority := func(name string) func() *pki.Authority {
		return sync.OnceValue(func() *pki.Authority { return must(pki.NewAuthority(name)) })
	}
	return &authorities{
		servers: authority("sim: servers"), clients: authority("sim: clients"),
		issued: map[string]*tls.Certificate{},
	}
}

// must returns what fails only if crypto/rand does.
func must[T any](made T, err error) T {
	if err != nil {
		panic("sim: " + err.Error())
	}
	return made
}

// forServer is the certificate for the host that a client names, or for the address that it has connected to.
func (a *authorities) forServer(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host := strings.ToLower(hello.ServerName)
	if at, ok := hello.Conn.LocalAddr().(*net.TCPAddr); ok && host == "" {
		host = at.IP.String()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if made := a.issued[host]; made != nil {
		return made, nil
	}
	made, err := a.servers().ForServer(host)
	if err == nil {
		a.issued[host] = made
	}
	return made, err
}

// RootCAs has the authority that issues the server's certificates, for code with a TLS configuration of its own.
func (s *Server) RootCAs() *x509.CertPool { return s.authorities.servers().Pool() }

// ClientCAs has the authority of [Server.ClientCertificate], for a [Registration].
func (s *Server) ClientCAs() *x509.CertPool { return s.authorities.clients().Pool() }

// ClientCertificate issues a certificate, with a new key, for a test whose client has none: its subject is CN=name, and
// it is valid at any time. Each call makes another one. [Server.Configure] registers it for alf.AuthTLS by its subject
// and authority, and for alf.AuthSelfSignedTLS as it is.
func (s *Server) ClientCertificate(name string) tls.Certificate {
	return *must(s.authorities.clients().ForClient(name))
}
