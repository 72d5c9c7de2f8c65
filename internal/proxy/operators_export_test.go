package proxy

import (
	"net"
	"net/http"
)

// Health serves the probes, without a socket.
func (p *Proxy) Health() http.Handler { return p.health() }

// Admin serves what the admin listener does, without a socket.
func (p *Proxy) Admin(at net.Addr) http.Handler { return p.admin(at) }
