// Package server holds the two servers of the demonstration: an authorization server that can be made to misbehave, and
// a protected API that accepts its tokens. Both are those of package sim, which verifies clients, proofs and tokens;
// here they get loopback sockets of their own, and count what the demonstration reports.
package server

import (
	"crypto/tls"
	"net/http"
	"time"

	"github.com/alf-go/alf/sim"
)

// Auth is the authorization server. Its methods are safe for concurrent use.
type Auth struct {
	*listener
	kit         *sim.Server
	certificate *tls.Certificate
}

// NewAuth starts an authorization server that knows one client, and whose tokens live for lifetime, a number of
// seconds. With a certificate it speaks TLS, and binds its tokens to the certificates that clients present. Nil: plain
// http.
func NewAuth(client sim.Registration, lifetime time.Duration, certificate *tls.Certificate) (*Auth, error) {
	a := &Auth{certificate: certificate, kit: sim.New(sim.Options{
		Name: "demo", Lifetime: lifetime, API: hello, RequestTime: started,
	})}
	if err := a.kit.Register(client); err != nil {
		return nil, err
	}
	if client.DPoP {
		// At the token endpoint a nonce lasts from one refresh to the next, so that only the first request lacks it,
		// and one after an outage. Callers find those of the API in every response, so that a short life makes work
		// only after a pause.
		a.kit.SetNonces(lifetime, lifetime/4)
	}
	var err error
	a.listener, err = listen(a.kit, certificate)
	return a, err
}

// Issuer is what the server calls itself in its metadata.
func (a *Auth) Issuer() string { return a.url }

// TokenURL is the address of the token endpoint.
func (a *Auth) TokenURL() string { return a.url + sim.TokenPath }

// Down makes every connection break without a response, until a time, or for a zero time until Up. The server looks at
// the clock itself: an outage must not last longer because the goroutine that was to end it got no processor in time.
func (a *Auth) Down(until time.Time) { a.outage(a.kit.GoDown, until) }

// Unavailable makes every response a 503, for as long as Down.
func (a *Auth) Unavailable(until time.Time) { a.outage(a.kit.Unavailable, until) }

func (a *Auth) outage(begin func(time.Duration), until time.Time) {
	left := time.Until(until)
	switch {
	case until.IsZero():
		begin(0)
	case left > 0:
		begin(left)
	default:
		a.kit.Up()
	}
}

// Up ends an outage.
func (a *Auth) Up() { a.kit.Up() }

// SetDelay makes every response take that much longer from now on.
func (a *Auth) SetDelay(d time.Duration) { a.kit.SetLatency(d) }

// SetLifetime is how long the tokens live that are handed out from now on, a number of seconds.
func (a *Auth) SetLifetime(d time.Duration) { a.kit.SetLifetime(d) }

// Revoke revokes the token that was handed out last. Those before it are left to expire: a request that is late, on a
// machine that is busy, may carry one of them, and could not be retried if its successor were revoked as well.
func (a *Auth) Revoke() { a.kit.RevokeLast() }

// RevokeAll revokes every token that was handed out until now.
func (a *Auth) RevokeAll() { a.kit.Revoke() }

// Requests is how many token requests have arrived, those that found the server down included.
func (a *Auth) Requests() uint64 { return uint64(a.kit.Stats().TokenRequests) }

// Refused is how many of them were responded to with 503.
func (a *Auth) Refused() (n uint64) {
	for _, request := range a.kit.TokenRequests() {
		if request.Status == http.StatusServiceUnavailable {
			n++
		}
	}
	return n
}

// Abandoned is how many of them had no client any more when the response was ready.
func (a *Auth) Abandoned() uint64 { return uint64(a.kit.Stats().Abandoned) }

// MetadataRead is how often the metadata were asked for.
func (a *Auth) MetadataRead() uint64 { return uint64(a.kit.Stats().MetadataRequests) }

// Proofs is what a server has seen of DPoP proofs (RFC 9449).
type Proofs struct {
	// Accepted is how many it accepted.
	Accepted uint64
	// Challenged is how many it refused because they lacked its nonce. Each costs the client a second request.
	Challenged uint64
	// Unavoidable is how many of those came when the server had given out no nonce that was still good.
	Unavoidable uint64
}

func proofsOf(seen sim.Proofs) Proofs {
	return Proofs{uint64(seen.Accepted), uint64(seen.Challenged), uint64(seen.Unavoidable)}
}

// Proofs is what was seen of DPoP proofs in token requests.
func (a *Auth) Proofs() Proofs { return proofsOf(a.kit.TokenProofs()) }

// Close stops the server and closes its connections.
func (a *Auth) Close() error {
	err := a.listener.Close()
	a.kit.Close()
	return err
}
